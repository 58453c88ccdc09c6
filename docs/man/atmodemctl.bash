# Completion for atmodemctl: commands, modems that run, values.
_atmodemctl_modems() {
    local folder i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -S | --runtime-dir) folder=(-S "${COMP_WORDS[i + 1]}") ;;
        esac
    done
    atmodemctl "${folder[@]}" list 2>/dev/null | cut -f 1
}

_atmodemctl() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local commands='list status metrics reload console send monitor urc power network signal
        registration gpio provision wifi'
    local command='' i
    COMPREPLY=()
    case $previous in
    -S | --runtime-dir)
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
        ;;
    --only)
        mapfile -t COMPREPLY < <(compgen -W 'command answer data' -- "$current")
        return
        ;;
    --ssid | --password) return ;;
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -S | --runtime-dir | --ssid | --password | --only) ((i++)) ;;
        -*) ;;
        *)
            command=${COMP_WORDS[i]}
            break
            ;;
        esac
    done
    local words=''
    case $command in
    '') words="$commands --runtime-dir --json --version --help" ;;
    list | metrics | reload) words=--json ;;
    network | wifi) words="$(_atmodemctl_modems) up down" ;;
    power) words="$(_atmodemctl_modems) on off cycle" ;;
    registration) words="$(_atmodemctl_modems) home roaming searching denied none" ;;
    gpio) words="$(_atmodemctl_modems) 0 1 2 release" ;;
    monitor) words="$(_atmodemctl_modems) --only" ;;
    provision) words="$(_atmodemctl_modems) --ssid --password" ;;
    *) words=$(_atmodemctl_modems) ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _atmodemctl atmodemctl
