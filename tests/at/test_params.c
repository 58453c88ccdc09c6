/* Parameters: numbers, words, strings and their quoting, tags, free text; in both grammars. */
#include "lab.h"

#include <string.h>

static void strict(const char *input, const char *expected)
{
    lab_dialogue(&lab_strict, NULL, input, expected);
}

static void be_lenient(struct at_config *config)
{
    config->lenient = true;
}

static void lenient(const char *input, const char *expected)
{
    lab_dialogue(&lab_strict, be_lenient, input, expected);
}

static void no_echo(struct at_config *config)
{
    config->echo = false;
}

static void loose(const char *input, const char *expected)
{
    lab_dialogue(&lab_loose, no_echo, input, expected);
}

#define CME(n) LINE("+CME ERROR:" n)

static void test_integers(void **state)
{
    (void)state;
    strict("AT+NUM=1\rAT+NUM=9\rAT+NUM=\"5\"\rAT+NUM= 5\t\r",
           LINE("+NUM:1") OK LINE("+NUM:9") OK LINE("+NUM:5") OK LINE("+NUM:5") OK);
    strict("AT+NUM=0\rAT+NUM=10\rAT+NUM=99999999999999999999999\r", CME("55") CME("55") CME("55"));
    strict("AT+NUM=5x\rAT+NUM=+5\rAT+NUM=5.0\rAT+NUM=\"\"\rAT+NUM=--5\rAT+NUM=-\rAT+NUM=0x5\r",
           CME("54") CME("54") CME("54") CME("54") CME("54") CME("54") CME("54"));
    strict("AT+NUM=5 5\rAT+NUM=-1\r", CME("54") CME("55"));
    strict("AT+TEXT=a,-1\rAT+TEXT=a,-2\r", LINE("+TEXT:<a>,-1") OK CME("55"));
}

static void test_decimals(void **state)
{
    (void)state;
    strict("AT+DEC=2\rAT+DEC=0.5\rAT+DEC=1.25\rAT+DEC=1.999\rAT+DEC=\"2.000\"\r",
           LINE("+DEC:2000") OK LINE("+DEC:500") OK LINE("+DEC:1250") OK LINE("+DEC:1999")
               OK LINE("+DEC:2000") OK);
    strict("AT+DEC=0.499\rAT+DEC=2.001\rAT+DEC=9223372036854775807\r",
           CME("55") CME("55") CME("55"));
    strict("AT+DEC=1.\rAT+DEC=.5\rAT+DEC=1.0000\rAT+DEC=1.2.3\rAT+DEC=1,5\r",
           CME("54") CME("54") CME("54") CME("54") CME("52"));
}

static void test_choices(void **state)
{
    (void)state;
    strict("AT+WORD=\"3.1\"\rAT+WORD=3.1.1\r", LINE("+WORD:0") OK LINE("+WORD:1") OK);
    strict("AT+WORD=\"3\"\rAT+WORD=\"3.1.1.\"\rAT+WORD=\"\"\r", CME("55") CME("55") CME("55"));
}

static void test_counts(void **state)
{
    (void)state;
    strict("AT+NUM=\rAT+NUM=,\rAT+NUM=1,\rAT+NUM=1,2\r", CME("53") CME("53") CME("52") CME("52"));
    strict("AT+MSG=t\rAT+MSG=t,1\rAT+MSG=t,,m\rAT+MSG=,1,m\r",
           CME("51") CME("51") CME("53") CME("53"));
    strict("AT+TEXT=a\rAT+TEXT=a,\rAT+TEXT=a,1\rAT+TEXT=a,1,2\r",
           LINE("+TEXT:<a>,-") OK LINE("+TEXT:<a>,-") OK LINE("+TEXT:<a>,1") OK CME("52"));
}

static void test_counts_first(void **state)
{
    (void)state;
    struct at_grammar grammar = lab_strict;
    grammar.counts_first = true;
    lab_dialogue(&grammar, NULL, "AT+MSG=t,9\rAT+MSG=t,9,m\rAT+MSG=t,9,\rAT+MSG=t,x,m,1\r",
                 CME("51") CME("55") CME("53") CME("52"));
    lab_dialogue(&grammar, NULL, "AT+NUM=99,1\rAT+NUM=99\rAT+TEXT=\"123456789\",-2\r",
                 CME("52") CME("55") CME("24"));
}

static void test_string_limits(void **state)
{
    (void)state;
    strict("AT+TEXT=\"12345678\"\rAT+TEXT=\"123456789\"\rAT+TEXT=\"\"\rAT+TEXT=\"x\"\r",
           LINE("+TEXT:<12345678>,-") OK CME("24") CME("53") CME("56"));
    /* the limit counts what is left after unescaping */
    strict("AT+TEXT=\"\\\"234567\\\"\"\r", LINE("+TEXT:<\"234567\">,-") OK);
}

static void test_quoting(void **state)
{
    (void)state;
    strict("AT+TEXT=abc\rAT+TEXT= abc \rAT+TEXT = \"a,b\" , 1 \r",
           LINE("+TEXT:<abc>,-") OK LINE("+TEXT:<abc>,-") OK LINE("+TEXT:<a,b>,1") OK);
    strict("AT+TEXT=\"abc\rAT+TEXT=\"a\"b\rAT+TEXT=a\"b\rAT+TEXT=\"a\" b\rAT+TEXT=\"\r",
           CME("25") CME("25") CME("25") CME("25") CME("25"));
    strict("AT+TEXT=a b\r", CME("54"));
    /* only \" is an escape */
    strict("AT+TEXT=\"a\\nb\"\rAT+TEXT=\"a\\\\\"\"\r",
           LINE("+TEXT:<a\\nb>,-") OK LINE("+TEXT:<a\\\">,-") OK);
    strict("AT+TEXT=\"\\\\\"\r", LINE("+TEXT:<\\\\>,-") OK);
    /* a line that ends in \" and would leave its string open */
    strict("AT+TEXT=\"C:\\dir\\\"\r", LINE("+TEXT:<C:\\dir\\>,-") OK);
    strict("AT+TEXT=\"\\\"\r", LINE("+TEXT:<\\>,-") OK);
    strict("AT+MSG=\"t\",1,\"{\\\"a\\\":[1,2],\\\"b\\\":\\\"\\\"}\"\r",
           LINE("+MSG:<t>,1,<{\"a\":[1,2],\"b\":\"\"}>") OK);
    strict("AT+MSG=\"t\",1,\"\"\r", LINE("+MSG:<t>,1,<>") OK);
}

static void test_bare_quotes_are_refused(void **state)
{
    (void)state;
    strict("AT+MSG=t,1,\"{\"a\":1}\"\r", CME("25"));
    strict("AT+MSG=t,1,{\"a\":1}\r", CME("25"));
    strict("AT+MSG=t,1,{a,b}\r", CME("52"));
}

static void test_lenient_free_text(void **state)
{
    (void)state;
    lenient("AT+MSG=t,1,\"{\"a\":1,\"b\":2}\"\r", LINE("+MSG:<t>,1,<{\"a\":1,\"b\":2}>") OK);
    lenient("AT+MSG=t,1,{\"a\":1,\"b\":\"\\\"\"}\r",
            LINE("+MSG:<t>,1,<{\"a\":1,\"b\":\"\\\"\"}>") OK);
    lenient("AT+MSG=t,1,\"{\\\"a\\\":1}\" \r", LINE("+MSG:<t>,1,<{\"a\":1}>") OK);
    lenient("AT+MSG=t,1,\"abc\\\"\r", LINE("+MSG:<t>,1,<abc\\>") OK);
    lenient("AT+MSG=t,1,plain text, and more\r", LINE("+MSG:<t>,1,<plain text, and more>") OK);
    lenient("AT+MSG=t,1,\"\"\rAT+MSG=t,1,\"\rAT+MSG=t,1,\"a\"b\r",
            LINE("+MSG:<t>,1,<>") OK CME("25") CME("25"));
    /* other parameters stay strict, ranges widen */
    lenient("AT+MSG=\"t\"u,1,a\rAT+NUM=0\rAT+NUM=99\rAT+NUM=100\r",
            CME("25") LINE("+NUM:0") OK LINE("+NUM:99") OK CME("55"));
}

static void test_tags(void **state)
{
    (void)state;
    strict("AT+PARA=\"TIMEOUT\", 2\r", LINE("+PARA:2000,-,-") OK);
    strict("AT+PARA=\"VERSION\",\"3.1\",\"clean\",1,timeout,0.5\r", LINE("+PARA:500,1,0") OK);
    strict("AT+PARA=\"NOPE\",1\rAT+PARA=\"CLEAN\"\rAT+PARA=\"CLEAN\",1,\"CLEAN\",0\r",
           CME("57") CME("57") CME("57"));
    strict("AT+PARA=\"CLEAN\",2\rAT+PARA=\"CLEAN\",\rAT+PARA=\rAT+PARA=\"CLEAN\",1,\r",
           CME("55") CME("53") CME("57") CME("57"));
    strict("AT+PARA=\"CLEAN\",1,\"TIMEOUT\"\rAT+PARA=\"CLEAN\",1,\"TIMEOUT\",9\r",
           CME("57") CME("55"));
}

static void test_loose_strings(void **state)
{
    (void)state;
    loose("AT+TEXT=Hello W\rAT+TEXT= a \"b\"\r",
          LINE("+TEXT:<Hello W>,-") OK LINE("+TEXT:<a \"b\">,-") OK);
    loose("AT+TEXT=\"a\\nb\\r\\\\\\\"\"\r", LINE("+TEXT:<a\nb\r\\\">,-") OK);
    loose("AT+TEXT=\"\\u00e9\"\r", LINE("+TEXT:<\\u00e9>,-") OK); /* no escape of this grammar */
    loose("AT+TEXT=\"open\r", LINE("+TEXT:<open>,-") OK);
    loose("AT+MSG=t,1,\"\r", LINE("+MSG:<t>,1,<>") OK);
    loose("AT+MSG=a/b/c,2,{\\\"id\\\":1}\r", LINE("+MSG:<a/b/c>,2,<{\\\"id\\\":1}>") OK);
    loose("AT+NUM= 5 \r", LINE("+NUM:5") OK);
}

static void free_rest(struct at_config *config)
{
    static struct at_grammar grammar;
    grammar = lab_strict;
    grammar.quotes = false;
    grammar.bare_blanks = true;
    grammar.free_text = AT_FREE_REST;
    config->grammar = &grammar;
}

static void test_free_text_to_the_end_of_the_line(void **state)
{
    (void)state;
    lab_dialogue(&lab_strict, free_rest, "AT+MSG=t,1, {\"a\" : 1, \"b\"} \r",
                 LINE("+MSG:<t>,1,< {\"a\" : 1, \"b\"} >") OK);
    lab_dialogue(&lab_strict, free_rest, "AT+MSG=\"t\",1,\r", LINE("+CME ERROR:53"));
}

/* Whatever bytes come, every line gets exactly one final result and the next one works. */
static void test_random_lines(void **state)
{
    (void)state;
    static const char *const pieces[] = {"AT",      "+NUM",
                                         "+MSG",    "+TEXT",
                                         "+PARA",   "=",
                                         "?",       "\"",
                                         "\\",      ",",
                                         "1",       "t",
                                         " ",       "\t",
                                         ";",       "\x80",
                                         "E0V1",    "S3?",
                                         "TIMEOUT", ".",
                                         "-",       "99999999999999999999"};
    unsigned seed = 20261121;
    for (int round = 0; round < 20000; round++) {
        struct lab lab;
        lab_open(&lab, round % 2 ? &lab_strict : &lab_loose, no_echo);
        struct buf line = {0};
        buf_add_text(&line, "A");
        for (int i = 0; i < 12; i++) {
            seed = seed * 1103515245u + 12345u;
            buf_add_text(&line, pieces[(seed >> 16) % (sizeof pieces / sizeof *pieces)]);
        }
        buf_add_text(&line, "\r");
        lab_send(&lab, buf_text(&line));
        struct at_counters counters = at_counters(lab.at);
        if (counters.commands != 1) {
            fail_msg("%llu results for %s", (unsigned long long)counters.commands, buf_text(&line));
        }
        buf_clear(&lab.out);
        lab_send(&lab, "AT+NUM=7\r");
        assert_non_null(strstr(buf_text(&lab.out), "+NUM:7"));
        buf_free(&line);
        lab_close(&lab);
    }
}

/* A quoted text with a number behind it, bare values up to the comma with all their blanks. */
static void tail(const char *input, const char *expected)
{
    struct at_grammar grammar = lab_strict;
    grammar.free_text = AT_FREE_LAST_TAIL;
    grammar.bare_blanks = grammar.bare_end_blanks = true;
    grammar.escapes = NULL;
    lab_dialogue(&grammar, NULL, input, expected);
}

static void test_text_with_a_tail(void **state)
{
    (void)state;
    tail("AT+KEEP=t,\"a\"\rAT+KEEP=t,\"a\",1\rAT+KEEP=t, \"a\" , 0 \r",
         LINE("+KEEP:<t>,<a>,-") OK LINE("+KEEP:<t>,<a>,1") OK LINE("+KEEP:<t>,<a>,0") OK);
    tail("AT+KEEP=t,\"{\"a\":1,\"b\":\"c\"}\",1\r", LINE("+KEEP:<t>,<{\"a\":1,\"b\":\"c\"}>,1") OK);
    tail("AT+KEEP=t,\"{\"a\",1}\"\r", LINE("+KEEP:<t>,<{\"a\",1}>,-") OK);
    tail("AT+KEEP=t,\"a\",\"b\"\r", LINE("+KEEP:<t>,<a\",\"b>,-") OK);
    tail("AT+KEEP=t,\"\"\rAT+KEEP=t,\"\",1\r", LINE("+KEEP:<t>,<>,-") OK LINE("+KEEP:<t>,<>,1") OK);
    tail("AT+KEEP=t,\"\\n\"\r", LINE("+KEEP:<t>,<\\n>,-") OK);
    tail("AT+KEEP=t,\"a\",2\rAT+KEEP=t,\"a\",\rAT+KEEP=t,\"a\"x\rAT+KEEP=t,\"a\",1,1\r",
         CME("55") CME("25") CME("25") CME("25"));
    tail("AT+KEEP=t,\"\rAT+KEEP=t,\"a\rAT+KEEP=t,\rAT+KEEP=t\r",
         CME("25") CME("25") CME("53") CME("51"));
}

static void test_bare_values_keep_their_blanks(void **state)
{
    (void)state;
    tail("AT+KEEP=t ,a b!! ,1\rAT+KEEP= t,\ta \r",
         LINE("+KEEP:<t >,<a b!! >,1") OK LINE("+KEEP:<t>,<a >,-") OK);
    tail("AT+KEEP=t,a\"b\rAT+KEEP=t,a,b\r", LINE("+KEEP:<t>,<a\"b>,-") OK CME("54"));
    tail("AT+ NUM = 5 \rAT+NUM = ?\r", LINE("+NUM:5") OK LINE("+NUM:\"n\"") OK);
    tail("AT+PARA=\"CLEAN\",1,VERSION,3.1\r", LINE("+PARA:-,1,0") OK);
}

/* ---- members of the grammar and of rows that some modules need ---- */

static void loose_lead(const char *input, const char *expected)
{
    struct at_grammar grammar = lab_strict;
    grammar.bare_blanks = grammar.bare_lead_blanks = true;
    lab_dialogue(&grammar, NULL, input, expected);
}

static void test_one_blank_before_a_bare_text_is_layout(void **state)
{
    (void)state;
    loose_lead("AT+MSG=t,1, a\rAT+MSG=t, 1,  a b\r",
               LINE("+MSG:<t>,1,<a>") OK LINE("+MSG:<t>,1,< a b>") OK);
    loose_lead("AT+MSG=t,1,   \"a\"\rAT+MSG= t,   1,a\r",
               LINE("+MSG:<t>,1,<a>") OK LINE("+MSG:<t>,1,<a>") OK);
    loose_lead("AT+WORD=   3.1\rAT+NUM=   4\r", LINE("+WORD:0") OK LINE("+NUM:4") OK);
}

static void test_choices_by_case(void **state)
{
    (void)state;
    lab_dialogue(&lab_strict, NULL, "AT+EXACT=\"IP\"\rAT+EXACT=PPP,\" 3 \"\rAT+EXACT=\"ip\"\r",
                 LINE("+EXACT:0,-") OK LINE("+EXACT:1,3") OK CME("55"));
}

static void test_blanks_inside_quotes_that_do_not_count(void **state)
{
    (void)state;
    lab_dialogue(&lab_strict, NULL, "AT+TRIM=\" ppp\" , \"  a b \"\rAT+TRIM=IP,\"   \"\r",
                 LINE("+TRIM:1,<a b>") OK LINE("+TRIM:0,<>") OK);
}

static void let_in(struct at_config *config)
{
    struct lab *lab = config->ctx;
    lab->gate = true;
}

static void test_a_guard_is_asked_first(void **state)
{
    (void)state;
    lab_dialogue(&lab_strict, NULL, "AT+GUARD=x\rAT+GUARD\rAT+GUARD?\rAT+GUARD?x\rAT+GUARD=?\r",
                 CME("9") CME("9") CME("9") CME("9") LINE("+GUARD:\"n\"") OK);
    lab_dialogue(&lab_strict, let_in, "AT+GUARD=x\rAT+GUARD=5\rAT+GUARD\r",
                 CME("54") LINE("+GUARD:5") OK LINE("+GUARD:-") OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_counts_first),
        cmocka_unit_test(test_string_limits),
        cmocka_unit_test(test_quoting),
        cmocka_unit_test(test_bare_quotes_are_refused),
        cmocka_unit_test(test_lenient_free_text),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_loose_strings),
        cmocka_unit_test(test_free_text_to_the_end_of_the_line),
        cmocka_unit_test(test_random_lines),
        cmocka_unit_test(test_text_with_a_tail),
        cmocka_unit_test(test_bare_values_keep_their_blanks),
        cmocka_unit_test(test_one_blank_before_a_bare_text_is_layout),
        cmocka_unit_test(test_choices_by_case),
        cmocka_unit_test(test_blanks_inside_quotes_that_do_not_count),
        cmocka_unit_test(test_a_guard_is_asked_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
