/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One sentence, with file and line, for each mistake in a scenario, and for nothing else. */
#include "scenario/parser.h"
#include "scenario_text.h"

#include <string.h>

/* ------------------------------------------------------------------------
 * Mistakes
 */

static const struct {
    const char *text, *wanted;
} lines_with_mistakes[] = {
    /* the file */
    {"", "f.scn:1: the file has no title"},
    {"# nothing\n", "f.scn:1: the file has no title"},
    {"title T\n", "f.scn:1: the file has no step"},
    {"device A\nwait 1s\n", "f.scn:2: the file has no title"},
    {"title\n", "f.scn:1: the title is needed at the end of the line"},
    {"title T\ntitle T\n", "f.scn:2: the scenario has a title already"},
    {"title \xff\n", "f.scn:1: the line is not in UTF-8, as the text of a scenario is"},
    {"nonsense\n", "f.scn:1: \"nonsense\" is neither a word of the language nor a name so far"},
    {"\"title\" T\n", "f.scn:1: \"title\" is neither a word of the language nor a name so far"},
    {PLAY "device C\n", "f.scn:8: \"device\" has to stand before the first step"},
    {"title \"T\n", "f.scn:1: a quoted text has no end"},
    {"title \"T\\", "f.scn:1: in a quoted text, a backslash stands before n, r, t, {, \" or \\"},
    {"title \"T\\x\"\n",
     "f.scn:1: in a quoted text, a backslash stands before n, r, t, {, \" or \\"},
    {"title \"T\"x\n", "f.scn:1: a blank is needed after a quoted text"},
    {CAST "A \x1b[1m\n", "f.scn:5: \"?[1m\" is nothing that a relay or device does"},
    /* names */
    {"device\n", "f.scn:1: a name for a device is needed at the end of the line"},
    {"device 9\n", "f.scn:1: a name begins with a letter, unlike \"9\""},
    {"device a.b\n", "f.scn:1: a name has letters, digits, - and _, unlike \"a.b\""},
    {"device \"\"\n", "f.scn:1: a name begins with a letter, unlike \"\""},
    {"device abcdefghijklmnopqrstuvwxyz1234567\n", "f.scn:1: a name has at most 32 characters"},
    {"device expect\n", "f.scn:1: \"expect\" is a word of the language and cannot be a name"},
    {"device connect\n", "f.scn:1: \"connect\" is a word of the language and cannot be a name"},
    {"device received\n", "f.scn:1: \"received\" is a word of the language and cannot be a name"},
    {"relay A\ndevice A\n", "f.scn:2: \"A\" is a relay already"},
    /* relays */
    {"relay R nonsense\n", "f.scn:1: there is no option \"nonsense\" here"},
    {"relay R quota 1 quota 1\n", "f.scn:1: \"quota\" is said twice"},
    {"relay R quota\n", "f.scn:1: a quota in bytes is needed at the end of the line"},
    {"relay R quota 0\n", "f.scn:1: a quota in bytes is a number from 1 to 1073741824, not \"0\""},
    {"relay R quota -1\n",
     "f.scn:1: a quota in bytes is a number from 1 to 1073741824, not \"-1\""},
    {"relay R version 1.7\n", "f.scn:1: the version of a relay is 1.5 or 1.6, not \"1.7\""},
    {"relay R version 1.5x\n", "f.scn:1: the version of a relay is 1.5 or 1.6, not \"1.5x\""},
    {"relay R version\n", "f.scn:1: a version is needed at the end of the line"},
    {"relay R auth maybe\n", "f.scn:1: auth is off, optional or required"},
    {"relay R store disk\n", "f.scn:1: \"memory\" is needed here, not \"disk\""},
    {"relay R store\n", "f.scn:1: \"memory\" is needed at the end of the line"},
    {"relay R url http://x\n",
     "f.scn:1: the URL of a relay begins with grooveDNS://, unlike \"http://x\""},
    {"relay R url x\n",
     "f.scn:1: the URL of a relay is a URL of at most 500 characters, not \"x\""},
    {"relay R url \"grooveDNS://a b\"\n",
     "f.scn:1: the URL of a relay has no blanks and control characters, and is ASCII"},
    {"relay R ack-delay 5\n",
     "f.scn:1: the ack-delay is a time such as 200ms or 2s, at most 3600s, not \"5\""},
    {"relay R ack-delay s\n",
     "f.scn:1: the ack-delay is a time such as 200ms or 2s, at most 3600s, not \"s\""},
    {"relay R ack-delay 0ms\n",
     "f.scn:1: the ack-delay is a time such as 200ms or 2s, at most 3600s, not \"0ms\""},
    {"relay R ack-delay 3601s\n",
     "f.scn:1: the ack-delay is a time such as 200ms or 2s, at most 3600s, not \"3601s\""},
    {"title T\nrelay R peer X\ndevice X\nwait 1s\n", "f.scn:2: there is no relay \"X\""},
    {"title T\nrelay R peer R\nwait 1s\n", "f.scn:2: R cannot be a peer of its own"},
    {"title T\nrelay R peer Q peer Q\nrelay Q\nwait 1s\n", "f.scn:2: the peer Q is said twice"},
    {"title T\nrelay R lock-out Q\nrelay Q\nwait 1s\n", "f.scn:2: there is no device \"Q\""},
    {"relay R lock-out\n",
     "f.scn:1: the name of a device or a URL is needed at the end of the line"},
    {"relay R url grooveDNS://x\nrelay Q url grooveDNS://x\n", "f.scn:2: R has the same URL"},
    {"relay R1\nrelay R2\nrelay R3\nrelay R4\nrelay R5\nrelay R6\nrelay R7\n",
     "f.scn:7: a scenario has at most 6 relays"},
    /* devices */
    {"device A attaches\n", "f.scn:1: A attaches, and has no relay"},
    {"device A relay R\n", "f.scn:1: there is no \"R\" so far; a relay is needed here"},
    {"device A\ndevice B relay A\n", "f.scn:2: \"A\" is a device; a relay is needed here"},
    {"device A version 1\n",
     "f.scn:1: a version is two numbers of at most 255, such as 1.6, not \"1\""},
    {"device A version 256.0\n",
     "f.scn:1: a version is two numbers of at most 255, such as 1.6, not \"256.0\""},
    {"relay R poll-max\n", "f.scn:1: a number of seconds is needed at the end of the line"},
    {"relay R poll-min 86401\n",
     "f.scn:1: a number of seconds is a number from 0 to 86400, not \"86401\""},
    /* faults and findings */
    {"fault\n", "f.scn:1: the faults are split, delay, proxy-dies, lose, duplicate, reorder, and capture with these and others after it, not \"\""},
    {"fault x\n", "f.scn:1: the faults are split, delay, proxy-dies, lose, duplicate, reorder, and capture with these and others after it, not \"x\""},
    {"fault delay\n", "f.scn:1: a delay is said so: \"delay 20ms\", with at most 1000ms"},
    {"fault delay 1001ms\n", "f.scn:1: a delay is said so: \"delay 20ms\", with at most 1000ms"},
    {"fault lose 1\n", "f.scn:1: capture lose is said so: \"capture lose 1 of N\", with N from 1 to 10000"},
    {"fault capture link raw\n",
     "f.scn:1: start, link, points and ring hold for the files of a run, not for a story: --fault says them"},
    {"fault capture start after 5 segments\n",
     "f.scn:1: start, link, points and ring hold for the files of a run, not for a story: --fault says them"},
    {"fault lose 1 of 0\n", "f.scn:1: capture lose is said so: \"capture lose 1 of N\", with N from 1 to 10000"},
    {"fault drop\n", "f.scn:1: the name of a device is needed at the end of the line"},
    {"device A\nfault drop A\n", "f.scn:2: \"within\" is needed at the end of the line"},
    {"device A\nfault drop A within 5 pieces\n",
     "f.scn:2: \"bytes\" is needed here, not \"pieces\""},
    {"finding\n", "f.scn:1: the name of a finding is needed at the end of the line"},
    {"finding nonsense\n", "f.scn:1: no finding is called \"nonsense\""},
    {"finding gap\nfinding gap\n", "f.scn:2: the finding gap is said twice"},
    {"finding gap 0\n", "f.scn:1: how often is a number from 1 to 10000, not \"0\""},
    {"finding gap 1 2\n", "f.scn:1: the line goes on with \"2\", which says nothing here"},
    /* who does what */
    {CAST "A\n", "f.scn:5: what A does is needed at the end of the line"},
    {CAST "A flies\n", "f.scn:5: \"flies\" is nothing that a relay or device does"},
    {CAST "A B flies\n", "f.scn:5: \"flies\" is nothing that several devices do"},
    {CAST "A B connects\n", "f.scn:5: \"connects\" is nothing that several devices do"},
    {CAST "A R connect\n", "f.scn:5: only devices do something together"},
    {CAST "R connects\n", "f.scn:5: \"connects\" is what a device does"},
    {CAST "A rests\n", "f.scn:5: \"rests\" is what a relay does"},
    {PLAY "s closes\n", "f.scn:8: \"s\" does nothing: a step begins with a relay or devices"},
    /* connections */
    {CAST "B connects\n", "f.scn:5: B has no relay; \"to\" says whom it connects to"},
    {CAST "A connects to\n", "f.scn:5: the name of a relay or device is needed at the end of the "
                             "line"},
    {CAST "A connects to X\n", "f.scn:5: there is no \"X\" so far; a relay or device is needed "
                               "here"},
    {CAST "A connects to A\n", "f.scn:5: A cannot connect to itself"},
    {CAST "A connects again\n",
     "f.scn:5: the line goes on with \"again\", which says nothing here"},
    {CAST "A leaves reason Sleepy\n",
     "f.scn:5: the reason is one of NoReason, Resting, Idle, ProtocolError, "
     "DeviceAuthenticationFailed, UserAuthenticationFailed, StaleConnectAuthenticate, "
     "StaleAttachAuthenticate, ResponseTimeout, Rejected, DecryptionFailed, CrossedConnections, "
     "InternalError, Upgrade, TooManyUnknownSessionCmds, NewVersionRequired, not \"Sleepy\""},
    {CAST "A leaves reason\n", "f.scn:5: the reason is needed at the end of the line"},
    {CAST "A sends-bytes\n", "f.scn:5: bytes are needed at the end of the line, such as 10 07 00"},
    {CAST "A sends-bytes 1\n", "f.scn:5: \"1\" is not made of bytes of two hexadecimal digits"},
    {CAST "A sends-bytes 0x10\n",
     "f.scn:5: \"0x10\" is not made of bytes of two hexadecimal digits"},
    {CAST "R rests for 1500ms\n", "f.scn:5: the ReturnTime is in whole seconds"},
    /* sessions */
    {CAST "A opens s\n", "f.scn:5: \"to\" is needed at the end of the line"},
    {CAST "A opens s to\n", "f.scn:5: a destination is needed at the end of the line, such as B "
                            "or B.identity@Relay1"},
    {CAST "A opens s to R\n", "f.scn:5: a destination is a device, unlike \"R\""},
    {CAST "A opens s to .identity\n", "f.scn:5: a destination is a device, unlike \".identity\""},
    {CAST "A opens s to B@R\n", "f.scn:5: an Open names no relay"},
    {CAST "A fanout-opens s to B@Q\n", "f.scn:5: there is no relay \"Q\""},
    {CAST "A opens s to B resource \"\"\n", "f.scn:5: the ResourceURL must not be empty"},
    {PLAY "A opens s to B\n", "f.scn:8: \"s\" is a session already"},
    {PLAY "A closes t\n", "f.scn:8: there is no \"t\" so far; a session is needed here"},
    {PLAY "A closes M\n", "f.scn:8: \"M\" is a message; a session is needed here"},
    {CAST "A connects\nA opens s to B\nB closes s\n",
     "f.scn:7: B is not at either end of session s"},
    {PLAY "A is not-ready on s\n", "f.scn:8: A does not receive on session s"},
    {PLAY "A is tired\n", "f.scn:8: a device is \"ready\" or \"not-ready\""},
    /* messages */
    {PLAY "B sends N on s\n", "f.scn:8: B is not the originator of session s"},
    {PLAY "A sends M on s\n", "f.scn:8: \"M\" is a message already"},
    {PLAY "A sends N\n", "f.scn:8: \"on\" is needed at the end of the line"},
    {PLAY "A sends N on s size 1048577\n",
     "f.scn:8: a number of bytes is a number from 0 to 1048576, not \"1048577\""},
    {PLAY "A sends N on s size 5 text x\n", "f.scn:8: a message has either a text or a size"},
    {PLAY "A sends N on s text x\nA sends O on s text x\n",
     "f.scn:9: message N has the same content, and could not be told from O"},
    {PLAY "A sends N on s fragment 1 2\n", "f.scn:8: \"of\" is needed here, not \"2\""},
    {PLAY "A sends N on s sizes 1 2\n", "f.scn:8: MessageSize is needed at the end of the line"},
    {PLAY "A ends M\n", "f.scn:8: message M has its end already"},
    {PLAY "B ends M\n", "f.scn:8: M is not B's message"},
    {PLAY "A begins N on s size 5\nA continues N with 6 bytes\n",
     "f.scn:9: message N has only 5 bytes left"},
    {PLAY "A completes M\n", "f.scn:8: A does not hold messages"},
    {PLAY "B completes\n", "f.scn:8: the name of a message is needed at the end of the line"},
    /* time */
    {CAST "wait\n", "f.scn:5: the time to wait is needed at the end of the line"},
    {CAST "wait 86401s\n",
     "f.scn:5: the time to wait is a time such as 200ms or 2s, at most 86400s, not \"86401s\""},
    /* expectations */
    {PLAY "expect\n", "f.scn:8: of whom something is expected is needed after \"expect\""},
    {PLAY "expect connected\n",
     "f.scn:8: of whom something is expected is needed after \"expect\""},
    {PLAY "expect A\n", "f.scn:8: what is expected is needed at the end of the line"},
    {PLAY "expect A happy\n",
     "f.scn:8: there is no \"happy\" so far; a relay, device or session is needed here"},
    {PLAY "expect A s ready\n", "f.scn:8: either devices or sessions are expected to do the same"},
    {PLAY "expect A ready\n", "f.scn:8: \"ready\" is not what is expected of a device"},
    {PLAY "expect s stored 1\n", "f.scn:8: \"stored\" is not what is expected of a session"},
    {PLAY "expect R connected\n", "f.scn:8: \"connected\" is not what is expected of a relay"},
    {PLAY "expect A B refused Ok\n", "f.scn:8: \"refused\" is expected of one alone"},
    {PLAY "expect A refused Sorry\n",
     "f.scn:8: the ResponseId of a ConnectResponse is one of Ok, WrongDevice, TryLater, "
     "WillUpgrade, WontUpgrade, NewVersionRequired, AuthenticationFailed, ConnectRejected, not "
     "\"Sorry\""},
    {PLAY "expect s refused NoResource now\n",
     "f.scn:8: the line goes on with \"now\", which says nothing here"},
    {PLAY "expect s closed\n", "f.scn:8: the reason of a Close is needed at the end of the line"},
    {PLAY "expect s lost LockedOut B\n",
     "f.scn:8: session s is no fanout session, and has no SessionStatus"},
    {PLAY "A fanout-opens t to B\nexpect t lost LockedOut A\n",
     "f.scn:9: \"A\" is no destination of session t"},
    {PLAY "expect B opened s\n", "f.scn:8: \"s\" is a session already"},
    {PLAY "expect B opened t\nexpect t ready\n",
     "f.scn:9: session t is a relay's, which keeps its state"},
    {PLAY "expect B received\n", "f.scn:8: the name of a message is needed at the end of the line"},
    {PLAY "expect B received M in order\n", "f.scn:8: \"any\" is needed here, not \"order\""},
    {PLAY "expect A acknowledged M by Data 1\n",
     "f.scn:8: what acknowledges is a Noop, Message or ConnectClose"},
    {PLAY "expect A acknowledged M by Noop 0\n",
     "f.scn:8: the MessageCount is a number from 1 to 4294967295, not \"0\""},
    {PLAY "expect R stored\n", "f.scn:8: a number of messages is needed at the end of the line"},
};

static void test_mistakes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(lines_with_mistakes); i++)
        assert_mistake(lines_with_mistakes[i].text, strlen(lines_with_mistakes[i].text),
                       lines_with_mistakes[i].wanted);
}

/* ------------------------------------------------------------------------
 * Limits
 */

static void test_limits(void)
{
    GString *text = g_string_new(NULL);
    append_lines(text, SCENARIO_LINES_MAX + 1, "\n");
    assert_mistake_of(text, "f.scn:100001: a scenario has at most 100000 lines");

    text = g_string_new("#");
    append_lines(text, SCENARIO_LINE_MAX, "x");
    assert_mistake_of(text, "f.scn:1: a line has at most 196608 bytes");

    text = g_string_new("title");
    append_lines(text, SCENARIO_WORDS_MAX, " x");
    assert_mistake_of(text, "f.scn:1: a line has at most 8192 words");

    text = g_string_new(NULL);
    append_lines(text, SCENARIO_FILE_MAX + 1, "x");
    assert_mistake_of(text, "f.scn:1: a scenario has at most 8 MiB");

    assert_mistake(
        "title T\nx\0y\n", 12,
        "f.scn:2: there is a zero byte in the line: this is no text; a scenario is a text "
        "file in UTF-8");

    text = g_string_new(NULL);
    for (unsigned i = 0; i <= SCENARIO_DEVICES_MAX; i++)
        g_string_append_printf(text, "device D%u\n", i);
    assert_mistake_of(text, "f.scn:25: a scenario has at most 24 devices");

    text = g_string_new(CAST "A connects to B\n");
    for (unsigned i = 0; i <= SCENARIO_SESSIONS_MAX; i++)
        g_string_append_printf(text, "A opens s%u to B\n", i);
    assert_mistake_of(text, "f.scn:70: a scenario has at most 64 sessions");

    text = g_string_new(PLAY);
    for (unsigned i = 1; i <= SCENARIO_MESSAGES_MAX; i++)
        g_string_append_printf(text, "A sends M%u on s\n", i);
    assert_mistake_of(text, "f.scn:263: a scenario has at most 256 messages");

    text = g_string_new(PLAY);
    for (unsigned i = 1; i <= 8; i++)
        g_string_append_printf(text, "A sends M%u on s size 1048576\n", i);
    assert_mistake_of(text, "f.scn:15: all messages together have at most 8 MiB");
}

/* ------------------------------------------------------------------------
 * All of them, and nothing else
 */

static const struct {
    const char *name, *text, *wanted;
} files_with_mistakes[] = {
    {"several", "device A\ndevice 9\nA flies\nA connects to\n",
     "f.scn:2: a name begins with a letter, unlike \"9\"\n"
     "f.scn:3: \"flies\" is nothing that a relay or device does\n"
     "f.scn:4: the name of a relay or device is needed at the end of the line\n"
     "f.scn:4: the file has no title"},
    {"nothing but a title and a mistake", "title T\ndevice 9\n",
     "f.scn:2: a name begins with a letter, unlike \"9\"\nf.scn:2: the file has no step"},
    {"a mistake of a name that comes later, in its place",
     "title T\nrelay R peer Q\ndevice 9\nwait 1s\n",
     "f.scn:2: there is no relay \"Q\"\nf.scn:3: a name begins with a letter, unlike \"9\""},
    {"one name missing in many lines",
     "title T\ndevice A\nA connects to B\nA opens s to B\nB leaves\n",
     "f.scn:3: there is no \"B\" so far; a relay or device is needed here (and so in 2 more "
     "lines)"},
    {"one verb misspelt in two lines", CAST "A conects to B\nA B leave\nA conects to B\n",
     "f.scn:5: \"conects\" is nothing that a relay or device does (and so in 1 more line)"},
    {"declarations after a step",
     "title T\ndevice A\nwait 1s\ndevice B\ndevice C\nB connects to C\n",
     "f.scn:4: \"device\" has to stand before the first step (and so in 1 more line)"},
    {"a declaration misspelt", "title T\ndevise A\ndevice B\nA connects to B\nA leaves\n",
     "f.scn:2: \"devise\" is neither a word of the language nor a name so far"},
    {"an option misspelt before one that counts",
     "title T\nrelay R\ndevice A relay R colour red holds\nA connects\nA sends M\nA completes M\n",
     "f.scn:3: there is no option \"colour\" here\n"
     "f.scn:5: \"on\" is needed at the end of the line"},
    {"a device whose relay is misspelt",
     "title T\nrelay R\ndevice A relay Q\nA connects\nA leaves\n",
     "f.scn:3: there is no \"Q\" so far; a relay is needed here"},
    {"a name that is no name",
     CAST "A connects to B\nA opens s! to B\nA sends M on s!\nexpect B "
          "received M\n",
     "f.scn:6: a name has letters, digits, - and _, unlike \"s!\""},
    {"a name that is taken",
     "title T\nrelay A\ndevice A\ndevice B\nA connects to B\nA opens s to B\n",
     "f.scn:3: \"A\" is a relay already"},
    {"too many",
     "title T\nrelay R1\nrelay R2\nrelay R3\nrelay R4\nrelay R5\nrelay R6\nrelay R7\n"
     "relay R8\nR7 rests\nR8 rests\n",
     "f.scn:8: a scenario has at most 6 relays (and so in 1 more line)"},
    {"a message whose line is bad",
     PLAY "A begins N on s size x\nA continues N with 99 bytes\nA ends N\nexpect B received N\n",
     "f.scn:8: a number of bytes is a number from 0 to 1048576, not \"x\""},
    {"a step that nobody can read", PLAY "A seends N on s\nexpect B received N\n",
     "f.scn:8: \"seends\" is nothing that a relay or device does"},
    {"a session that may have another end",
     CAST "A connects to B now\nA opens s to B\nB closes s\nB is ready on s\n",
     "f.scn:5: the line goes on with \"now\", which says nothing here"},
    {"a text without an end", PLAY "A sends N on s text \"x\nexpect B received N\n",
     "f.scn:8: a quoted text has no end"},
    {"a text without an end before the name", PLAY "A \"sends N on s\nexpect B received N\n",
     "f.scn:8: a quoted text has no end"},
    {"a file that is not there", "title T\ninclude x.scn\nA connects to B\nA flies\n",
     "f.scn:2: cannot read x.scn: not there"},
    {"a file with mistakes", "title T\ninclude bad.scn\nC connects to B\nA flies\n",
     "bad.scn:3: there is no option \"colour\" here\n"
     "bad.scn:4: a name begins with a letter, unlike \"9\"\n"
     "f.scn:4: \"flies\" is nothing that a relay or device does"},
    {"a file that is no text", "title T\ninclude binary.scn\nA connects to B\n",
     "binary.scn:2: the line is not in UTF-8, as the text of a scenario is"},
    {"a file to include, and more",
     "title T\ninclude folder/inner.scn now\nA connects to B\nA flies\n",
     "f.scn:2: the line goes on with \"now\", which says nothing here"},
    {"a file in another encoding",
     "title S\xe4nger\ndevice A # \xfc\ndevice B\nA connects to B\nA flies\n",
     "f.scn:1: the line is not in UTF-8, as the text of a scenario is (and so in 1 more line)\n"
     "f.scn:5: \"flies\" is nothing that a relay or device does"},
    {"a repetition that nobody can count",
     PLAY
     "repeat many as i\nA sends N{i} on s\nrepeat 2\nwait 1s\nend\nend\nexpect B received N1\n",
     "f.scn:8: how often is a number from 1 to 200000, not \"many\""},
    {"a repetition misspelt", PLAY "repaet 3 as i\nA sends N{i} on s\nend\nexpect B received N1\n",
     "f.scn:8: \"repaet\" is neither a word of the language nor a name so far"},
    {"what might be a repetition, but has no end", PLAY "Zed 3\nA flies\nA sends N on t\n",
     "f.scn:8: \"Zed\" is neither a word of the language nor a name so far\n"
     "f.scn:9: \"flies\" is nothing that a relay or device does\n"
     "f.scn:10: there is no \"t\" so far; a session is needed here"},
    {"a repetition of mistakes",
     PLAY "repeat 5 as i\nA sends N{i} on t\nend\nexpect B received N4\n",
     "f.scn:9: there is no \"t\" so far; a session is needed here (where i is 1)"},
    {"a mistake in a late repetition", PLAY "repeat 5 as i\nA sends N on s size {3-i}\nend\n",
     "f.scn:9: \"{3-i}\" names no counter of a repetition around this line; in a quoted text, \\{ "
     "stands for a brace (where i is 1)"},
    {"too little", PLAY "repeat 5 as i\nA sends N{i} on s size {i-2}\nend\nexpect B received N1\n",
     "f.scn:9: \"{i-2}\" is less than 0 (where i is 1)"},
    {"a mistake of the third time", PLAY "repeat 5 as i\nA sends N{i} on s size {i*400000}\nend\n",
     "f.scn:9: a number of bytes is a number from 0 to 1048576, not \"1200000\" (where i is 3)"},
};

static void test_all_mistakes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(files_with_mistakes); i++) {
        g_test_message("%s", files_with_mistakes[i].name);
        assert_mistakes(files_with_mistakes[i].text, files_with_mistakes[i].wanted);
    }
}

/* Each word of each built-in scenario is made nonsense in turn: if that is a mistake, it is
 * the only one. */
static void spoil_words(const char *text, const char *nonsense, unsigned *num_bad)
{
    char **lines = g_strsplit(text, "\n", -1);
    for (unsigned l = 0; lines[l] != NULL; l++) {
        char *line = lines[l];
        for (size_t at = 0; line[at] != '\0' && line[at] != '#';) {
            const size_t blanks = strspn(line + at, " ");
            const size_t len = strcspn(line + at + blanks, " ");
            if (len == 0)
                break;
            lines[l] = g_strdup_printf("%.*s%s%s", (int)(at + blanks), line, nonsense,
                                       line + at + blanks + len);
            char *spoiled = g_strjoinv("\n", lines);
            char *mistakes = scenario_text_mistakes(spoiled, strlen(spoiled));
            char *place = g_strdup_printf("f.scn:%u: ", l + 1);
            if (mistakes[0] != '\0' &&
                (!g_str_has_prefix(mistakes, place) || strchr(mistakes, '\n') != NULL))
                g_error("\"%s\" gives %s", lines[l], mistakes);
            *num_bad += mistakes[0] != '\0';
            g_free(place);
            g_free(mistakes);
            g_free(spoiled);
            g_free(lines[l]);
            at += blanks + len;
        }
        lines[l] = line;
    }
    g_strfreev(lines);
}

static void test_nothing_follows(void)
{
    GDir *folder = g_dir_open(SCENARIOS_FOLDER, 0, NULL);
    const char *name;
    unsigned num_bad = 0;
    g_assert_nonnull(folder);
    while ((name = g_dir_read_name(folder)) != NULL) {
        char *path = g_build_filename(SCENARIOS_FOLDER, name, NULL), *text;
        if (g_str_has_suffix(name, ".scn")) {
            g_test_message("%s", name);
            g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
            spoil_words(text, "x!x", &num_bad);
            spoil_words(text, "\"x", &num_bad);
            g_free(text);
        }
        g_free(path);
    }
    g_dir_close(folder);
    g_assert_cmpuint(num_bad, >, 3000);
}

static void test_many_mistakes(void)
{
    GString *text = g_string_new("title T\ndevice A\n"), *wanted = g_string_new(NULL);
    for (unsigned i = 0; i < 1000; i++)
        g_string_append_printf(text, "A verb%u\n", i);
    for (unsigned i = 0; i < SCENARIO_MISTAKES_MAX; i++)
        g_string_append_printf(
            wanted, "f.scn:%u: \"verb%u\" is nothing that a relay or device does\n", i + 3, i);
    g_string_append_printf(wanted, "and %u more", 1000 - SCENARIO_MISTAKES_MAX);
    assert_mistakes(text->str, wanted->str);
    g_string_free(text, TRUE);
    g_string_free(wanted, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-mistake/mistakes", test_mistakes);
    g_test_add_func("/scenario-mistake/all-mistakes", test_all_mistakes);
    g_test_add_func("/scenario-mistake/nothing-follows", test_nothing_follows);
    g_test_add_func("/scenario-mistake/many-mistakes", test_many_mistakes);
    g_test_add_func("/scenario-mistake/limits", test_limits);
    return g_test_run();
}
