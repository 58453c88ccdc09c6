/* Command lines: their ends, echo, A/, S registers, forms, what is no command. Every dialogue runs
 * with its input cut at each byte as well. */
#include "lab.h"

#include <string.h>

static void strict(const char *input, const char *expected)
{
    lab_dialogue(&lab_strict, NULL, input, expected);
}

static void loose(const char *input, const char *expected)
{
    lab_dialogue(&lab_loose, NULL, input, expected);
}

static void test_ends(void **state)
{
    (void)state;
    strict("AT\r", OK);
    strict("AT\r\n", OK);
    strict("AT\n", OK);
    strict("at\rAt\r\naT\n", OK OK OK);
    strict("\r\r\n\n  \r\t\n", ""); /* blank lines */
    strict("AT", "");
    strict("  AT \r", OK);
}

static void test_late_line_feed(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT\r");
    lab_wait(&lab, 60000);
    lab_send(&lab, "\nAT+NUM=1\r");
    lab_expect(&lab, OK LINE("+NUM:1") OK);
    lab_close(&lab);
}

static void test_no_command(void **state)
{
    (void)state;
    strict("HELLO\r", ERROR);
    strict("A\rT\r", ERROR ERROR);
    strict("AT+NOPE\rAT+NOPE=1\rAT+NOPE?\rAT+NOPE=?\rATX\rAT&\rAT+\rAT=\rAT?\r",
           ERROR ERROR ERROR ERROR ERROR ERROR ERROR ERROR ERROR);
    strict("\x80\xff\x01\r", ERROR);
    strict("AT+NUM=1;+NUM=2\r", LINE("+CME ERROR:54")); /* no separator here */
    strict("AT+NUM;\r", ERROR);
}

static void test_nul_bytes(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send_bytes(&lab, "A\0T\r", 4);
    lab_send_bytes(&lab, "\0\0\r", 3);
    lab_send_bytes(&lab, "AT\0\r", 4);
    lab_send_bytes(&lab, "AT+TEXT=\"a\0b\"\r", 14);
    static const char expected[] = ERROR ERROR ERROR LINE("+TEXT:<a\0b>,-") OK;
    lab_expect_bytes(&lab, expected, sizeof expected - 1);
    lab_close(&lab);
}

static void test_forms(void **state)
{
    (void)state;
    strict("AT+NUM=?\r", LINE("+NUM:\"n\"") OK);
    strict("AT+NUM?\r", LINE("+NUM:-") OK);
    strict("AT+NUM=3\r", LINE("+NUM:3") OK);
    strict("AT+NUM\r", LINE("+CME ERROR:4"));
    strict("AT+SLOW?\r", LINE("+CME ERROR:4"));
    strict("AT+SLOW=1\r", LINE("+CME ERROR:4"));
    strict("AT+SLOW=?\r", OK);
    strict("AT+PARA=?\r", LINE("+PARA:literal") OK);
    strict("AT+TEXT=?\r", LINE("+TEXT:\"text\",\"n\"") OK LINE("after"));
    strict("AT+RAW?\r", LINE("+RAW:4") OK "\r\nOK");
    strict("AT+FAIL\r", LINE("+CME ERROR:7"));
    strict("AT+NUM?1\r", LINE("+CME ERROR:54"));
    strict("AT+NUM x\r", LINE("+CME ERROR:54"));
    strict("ATI\r", LINE("I:") OK);
}

static void test_names(void **state)
{
    (void)state;
    strict("at+num=1\rAT+NuMbEr=2\rAT+NR=3\r",
           LINE("+NUM:1") OK LINE("+NUM:2") OK LINE("+NUM:3") OK);
    strict("AT+ NUM =1\rAT +NUM = 2\rAT+NUM ?\rAT+NUM = ?\r",
           LINE("+NUM:1") OK LINE("+NUM:2") OK LINE("+NUM:-") OK LINE("+NUM:\"n\"") OK);
    strict("AT+NU=1\rAT+NUMB=1\r", ERROR ERROR);
}

static void test_gate(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+GATED\r");
    lab_expect(&lab, ERROR);
    lab.gate = true;
    lab_send(&lab, "AT+GATED\r");
    lab_expect(&lab, LINE("+GATED:") OK);
    lab_close(&lab);
}

static void test_repeat(void **state)
{
    (void)state;
    strict("AT+NUM=5\rA/a/", LINE("+NUM:5") OK LINE("+NUM:5") OK LINE("+NUM:5") OK);
    strict("AT+NUM=5\rA/\r\nAT\r", LINE("+NUM:5") OK LINE("+NUM:5") OK OK);
    strict("A/", OK);
    strict("AT+FAIL\rA/", LINE("+CME ERROR:7") LINE("+CME ERROR:7"));
    strict("AT+NUM=5\r\r\n\rA/",
           LINE("+NUM:5") OK LINE("+NUM:5") OK); /* blank lines do not count */
}

static void test_echo(void **state)
{
    (void)state;
    strict("ATE1\rAT+NUM=1\r\nAT\nATE0\rAT\r",
           OK "AT+NUM=1\r" LINE("+NUM:1") OK "AT\n" OK "ATE0\r" OK OK);
    strict("ATE1\rATE\rAT\r", OK "ATE\r" OK OK); /* without a number: 0 in this grammar */
    loose("ATE0\rATE\rAT\r", "ATE0\r" OK OK "AT\r" OK);
    strict("ATE2\r", LINE("+CME ERROR:55"));
    strict("ATE99999999999999999999\r", LINE("+CME ERROR:55"));
}

static void test_backspace(void **state)
{
    (void)state;
    strict("AT+NUN\bM=4\r", LINE("+NUM:4") OK);
    strict("\b\bAT\b\b\bAT\r", OK);
    strict("ATS5=127\rAT+NUN\x7fM=4\r", OK LINE("+NUM:4") OK);
    strict("ATE1\rAX\bT\r", OK "AX\b \bT\r" OK);
    loose("ATE0\rAT+NUN\bM=4\r", "ATE0\r" OK ERROR); /* no editing in this grammar */
}

static void test_result_formats(void **state)
{
    (void)state;
    strict("ATV0\rAT\rAT+NUM=1\rAT+FAIL\rAT+NOPE\rATV1\rAT\r", "0\r"
                                                               "0\r"
                                                               "+NUM:1\r\n0\r"
                                                               "+CME ERROR:7\r\n"
                                                               "4\r" OK OK);
    strict("ATQ1\rAT\rAT+NUM=1\rAT+NOPE\rATQ0\r", LINE("+NUM:1") OK);
    strict("ATS3=13\rATS3?\rATS4?\rATS5?\r", OK LINE("013") OK LINE("010") OK LINE("008") OK);
    strict("ATS3=59\rAT;AT;ATS3=13;AT\r", ";\nOK;\n;\nOK;\n;\nOK;\n" OK OK);
}

static void test_s_registers(void **state)
{
    (void)state;
    strict("ATS3=128\rATS6?\rATS=1\rATS3\r",
           LINE("+CME ERROR:55") LINE("+CME ERROR:55") LINE("+CME ERROR:51") LINE("+CME ERROR:4"));
    strict("ATS4=33\rAT\rATZ\rAT\r", "\r!OK\r!\r!OK\r!" OK OK);
}

static void test_basic_commands_follow_one_another(void **state)
{
    (void)state;
    strict("ATE0V1Q0\rATE0 V1 &F Z\r", OK OK);
    strict("ATE0X\r", ERROR);
    strict("ATV0+NUM=1\r", "+NUM:1\r\n0\r");
}

static void test_cmee(void **state)
{
    (void)state;
    strict("AT+CMEE=?\rAT+CMEE?\r", LINE("+CMEE:(0-2)") OK LINE("+CMEE:1") OK);
    strict("AT+CMEE=0\rAT+FAIL\rAT+CMEE=1\rAT+FAIL\r", OK ERROR OK LINE("+CME ERROR:7"));
    strict("AT+CMEE=3\rAT+CMEE\r", LINE("+CME ERROR:55") LINE("+CME ERROR:4"));
    loose("ATE0\rAT+CMEE?\rAT+FAIL\rAT+CMEE=1\rAT+FAIL\r",
          "ATE0\r" OK LINE("+CMEE: 0") OK ERROR OK LINE("+EXT ERROR: 7") LINE("FAIL"));
    strict("AT+CMEE=0\rATZ\rAT+FAIL\r", OK OK LINE("+CME ERROR:7"));
}

static void test_separator(void **state)
{
    (void)state;
    loose("ATE0\rATI;+NUM=1;+NUM?\r", "ATE0\r" OK LINE("I:") LINE("+NUM:1") LINE("+NUM:-") OK);
    loose("ATE0\rAT+NUM=1;+FAIL;+NUM=2\r", "ATE0\r" OK LINE("+NUM:1") ERROR);
    loose("ATE0\rAT+TEXT=\"a;b\";I\r", "ATE0\r" OK LINE("+TEXT:<a;b>,-") LINE("I:") OK);
    loose("ATE0\rAT;;+NUM=1;\r", "ATE0\r" OK LINE("+NUM:1") OK);
    loose("ATE0\rATE0V1+NUM=?;+NUM=2\r", "ATE0\r" OK LINE("+NUM:\"n\"") LINE("+NUM:2") OK);
    /* the rest of the line belongs to this one */
    loose("ATE0\rAT+REST=t,1,a;b;c\r", "ATE0\r" OK LINE("+REST:<t>,1,<a;b;c>") OK);
}

static void test_overlong_line(void **state)
{
    (void)state;
    char line[200];
    /* just at the limit */
    memset(line, ' ', sizeof line);
    memcpy(line, "AT+NUM=1", 8);
    memcpy(line + 64, "\rAT\r", 5);
    strict(line, LINE("+NUM:1") OK OK);
    /* just above */
    memset(line, ' ', sizeof line);
    memcpy(line, "AT+NUM=1", 8);
    memcpy(line + 65, "\rAT\r", 5);
    strict(line, ERROR OK);
}

static void test_a_mebibyte_without_end(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    static char block[4096];
    memset(block, 'A', sizeof block);
    for (int i = 0; i < 256; i++) {
        lab_send_bytes(&lab, block, sizeof block);
    }
    lab_expect(&lab, "");
    lab_send(&lab, "\rAT\r");
    lab_expect(&lab, ERROR OK);
    lab_close(&lab);
}

static void test_storm_of_ends(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    static char block[4096];
    memset(block, '\r', sizeof block);
    for (int i = 0; i < 64; i++) {
        lab_send_bytes(&lab, block, sizeof block);
    }
    lab_send(&lab, "AT\r");
    lab_expect(&lab, OK);
    lab_close(&lab);
}

static void test_trace_masks_secrets(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    at_set_tracing(lab.at, true);
    lab_send(&lab, "AT+SECRET=\"me\",\"hidden\"\r"
                   "AT+SECRT=\"me\",\"hidden\"\r"
                   "AT + secret = \"me\",\"hidden\r"
                   "AT+NOPE\"hidden\"\r"
                   "hidden\r"
                   "AT+SECRET=?\r"
                   "AT+NUM=5\r"
                   "ATS3=13\r");
    const char *trace = buf_text(&lab.trace);
    assert_null(strstr(trace, "hidden\"\n>"));
    assert_non_null(strstr(trace, ">AT+SECRET=***\n"));
    assert_non_null(strstr(trace, ">AT+SECRT=***\n"));
    assert_non_null(strstr(trace, ">AT + secret =***\n"));
    assert_non_null(strstr(trace, ">AT+NOPE=***\n"));
    assert_non_null(strstr(trace, ">(6 bytes that are no command)\n"));
    assert_non_null(strstr(trace, ">AT+SECRET=?\n"));
    assert_non_null(strstr(trace, ">AT+NUM=5\n<+NUM:5\n<OK\n"));
    assert_non_null(strstr(trace, ">ATS3=13\n"));
    lab_close(&lab);
}

static void registers(const char *input, const char *expected)
{
    static at_result of_basic[AT_FAULT_COUNT];
    for (int i = 0; i < AT_FAULT_COUNT; i++) {
        of_basic[i] = 200 + i;
    }
    struct at_grammar grammar = lab_strict;
    grammar.all_registers = true;
    grammar.basic_faults = of_basic;
    lab_dialogue(&grammar, NULL, input, expected);
}

static void test_all_registers(void **state)
{
    (void)state;
    registers("ATS0=1S7=60\rATS0?S7?\rATS255=255S255?\rATZ\rATS7?\r",
              OK LINE("001") LINE("060") OK LINE("255") OK OK LINE("000") OK);
    registers("ATS3=128\rATS256=1\rATS0=256\rAT+NUM=x\r",
              LINE("+CME ERROR:208") LINE("+CME ERROR:208") LINE("+CME ERROR:208")
                  LINE("+CME ERROR:54"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_late_line_feed),
        cmocka_unit_test(test_no_command),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_gate),
        cmocka_unit_test(test_repeat),
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_backspace),
        cmocka_unit_test(test_result_formats),
        cmocka_unit_test(test_s_registers),
        cmocka_unit_test(test_basic_commands_follow_one_another),
        cmocka_unit_test(test_cmee),
        cmocka_unit_test(test_separator),
        cmocka_unit_test(test_overlong_line),
        cmocka_unit_test(test_a_mebibyte_without_end),
        cmocka_unit_test(test_storm_of_ends),
        cmocka_unit_test(test_trace_masks_secrets),
        cmocka_unit_test(test_all_registers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
