/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dump_main: relaysim among the interfaces of Wireshark. */
#include "base/log.h"
#include "cmd/dump.h"
#include "cmd/start.h"

int main(int argc, char **argv)
{
    return start() ? cmd_dump(argc, argv) : EXIT_REPORTED;
}
