/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dump_describe: what Wireshark's dialogs show of the interface; extcap(4) has the words. */
#include "cmd/dump.h"

#include "base/log.h"
#include "base/results.h"
#include "carrier/ways.h"
#include "cmd/options.h"
#include "scenario/load.h"

#include <inttypes.h>
#include <stdio.h>

#define LINK_TYPE_ETHERNET 1

int dump_list_interfaces(void)
{
    FILE *out = results_file();
    fprintf(out, "extcap {version=%s}\n", RELAYSIM_VERSION);
    fprintf(out, "interface {value=%s}{display=%s}\n", DUMP_INTERFACE, DUMP_INTERFACE_NAME);
    return options_end_output();
}

int dump_list_link_types(void)
{
    fprintf(results_file(), "dlt {number=%d}{name=EN10MB}{display=Ethernet}\n", LINK_TYPE_ETHERNET);
    return options_end_output();
}

/* Braces would end a value, and the words are ours: there are none in them. */
static void print_value(unsigned argument, const char *value, const char *display, bool is_default)
{
    fprintf(results_file(), "value {arg=%u}{value=%s}{display=%s}{default=%s}\n", argument, value,
            display, is_default ? "true" : "false");
}

/* The built-in scenarios of a group; see scenario_built_in_names(). */
static void print_group(unsigned argument, const char *group)
{
    char **names = scenario_built_in_names(group);
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    for (char **name = names; *name != NULL; name++) {
        GPtrArray *mistakes = NULL;
        struct scenario *scenario = scenario_load(*name, paths, &mistakes);
        if (mistakes != NULL)
            g_ptr_array_free(mistakes, TRUE);
        if (scenario == NULL)
            continue;
        char *display = g_strdup_printf("%s (%s)", scenario->title, *name);
        print_value(argument, *name, display, false);
        g_free(display);
        scenario_free(scenario);
    }
    g_ptr_array_free(paths, TRUE);
    g_strfreev(names);
}

static void print_stories(unsigned argument)
{
    print_value(argument, DUMP_TOUR, "The tour: every command and every encapsulation", true);
    print_group(argument, "everyday/");
    print_group(argument, "");
    print_group(argument, "findings/");
}

static void print_ways(unsigned argument)
{
    for (unsigned i = 0; carrier_ways[i].via != NULL; i++)
        print_value(argument, carrier_ways[i].via, carrier_ways[i].over, i == 0);
}

int dump_list_options(void)
{
    FILE *out = results_file();
    fputs("arg {number=0}{call=--scenario}{display=Story}{type=selector}"
          "{tooltip=What is played}{group=Story}\n"
          "arg {number=1}{call=--file}{display=or of a file}{type=fileselect}{mustexist=true}"
          "{tooltip=A scenario of your own, see relaysim-scenario(5)}{group=Story}\n"
          "arg {number=2}{call=--via}{display=Over}{type=selector}"
          "{tooltip=How connections to relays travel for which the story says nothing}"
          "{group=Story}\n",
          out);
    fprintf(out,
            "arg {number=3}{call=--rate}{display=Plays a minute}{type=unsigned}{default=%d}"
            "{range=0,%d}{tooltip=At most; 0: one right after the other}{group=Story}\n",
            DUMP_RATE_DEFAULT, DUMP_RATE_MAX);
    fputs("arg {number=4}{call=--duration}{display=Seconds}{type=unsigned}{default=0}"
          "{tooltip=How long; 0: until it is stopped}{group=Story}\n"
          "arg {number=5}{call=--seed}{display=Seed}{type=unsigned}{default=1}"
          "{tooltip=Of the faults and of made-up values; later plays have later ones}"
          "{group=Story}\n"
          "arg {number=6}{call=--split}{display=Cut writes at random}{type=boolflag}"
          "{tooltip=Commands lie in several segments}{group=Faults}\n",
          out);
    fprintf(out,
            "arg {number=7}{call=--delay}{display=Delay by at most (ms)}{type=unsigned}{default=0}"
            "{range=0,%u}{tooltip=Bytes are handed on so late; 0: at once}{group=Faults}\n",
            FAULT_DELAY_MAX_MS);
    fprintf(out,
            "arg {number=8}{call=--lose}{display=Lose 1 segment of}{type=unsigned}{default=0}"
            "{range=0,%u}{tooltip=In the capture alone; 0: none}{group=Faults}\n"
            "arg {number=9}{call=--duplicate}{display=Duplicate 1 segment of}{type=unsigned}"
            "{default=0}{range=0,%u}{tooltip=In the capture alone; 0: none}{group=Faults}\n"
            "arg {number=10}{call=--reorder}{display=Reorder 1 segment of}{type=unsigned}"
            "{default=0}{range=0,%u}{tooltip=In the capture alone; 0: none}{group=Faults}\n"
            "arg {number=11}{call=--fault}{display=and others}{type=string}{default=}"
            "{placeholder=capture ipv6, capture jitter 5ms}"
            "{tooltip=With commas between; see relaysim(1)}{group=Faults}\n",
            WEAR_ONE_OF_MAX, WEAR_ONE_OF_MAX, WEAR_ONE_OF_MAX);
    fputs("arg {number=12}{call=--skip-waits}{display=Skip waits}{type=boolflag}"
          "{tooltip=The clock of a story leaps to what is due next: hours take seconds}"
          "{group=Story}\n",
          out);
    print_stories(0);
    print_ways(2);
    return options_end_output();
}
