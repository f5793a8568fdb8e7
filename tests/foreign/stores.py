# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations with databases, caches and queues."""

import os
import struct
import time

from stage import conversation


@conversation("redis-server", "redis-tools")
def redis(stage):
    stage.serve("redis-server", "--bind", stage.address, "--port", 6379, "--save", "",
                "--protected-mode", "no", port=6379)
    commands = ["SET key value", "GET key", "INCR n", "LPUSH l a b c", "LRANGE l 0 -1",
                "HSET h f 1 g 2", "HGETALL h", "EVAL \"return {1,2,'x'}\" 0", "INFO", "NONSENSE"]
    stage.run("redis-cli", "-h", stage.address, says="\n".join(commands).encode())
    stage.run("redis-cli", "-3", "-h", stage.address, "HGETALL", "h")
    stage.run("redis-cli", "-h", stage.address, "-x", "SET", "big", says=b"x" * 20000)


@conversation("memcached")
def memcached(stage):
    stage.serve("memcached", "-l", stage.address, "-p", 11211, "-U", 0, "-u", "nobody",
                port=11211)
    client = stage.connect(11211)
    client.ask("set a 0 0 5\r\nhello\r\n", "STORED")
    client.ask("get a b\r\n", "END")
    client.ask("stats\r\n", "END")
    client.close()
    binary = stage.connect(11211)

    def ask(opcode, key=b"", value=b"", extras=b""):
        binary.send(struct.pack(">BBHBBHIIQ", 0x80, opcode, len(key), len(extras), 0, 0,
                                len(key) + len(value) + len(extras), 7, 0) + extras + key + value)
        binary.exactly(struct.unpack(">8xI12x", binary.exactly(24))[0])

    ask(1, b"key", b"value" * 100, struct.pack(">II", 0, 0))
    ask(0, b"key")
    ask(0, b"none")
    ask(11)
    binary.close()


@conversation("postgresql-15", "postgresql-client-15")
def postgresql(stage):
    programs = "/usr/lib/postgresql/15/bin/"
    stage.text()
    stage.give_to_nobody()
    stage.run(*stage.as_nobody(programs + "initdb", "-D", stage.path("data"), "-A", "trust",
                               "-U", "tester", "-N"))
    stage.serve(*stage.as_nobody(programs + "postgres", "-D", stage.path("data"), "-h",
                                 stage.address, "-p", "5432", "-k", stage.folder, "-F"),
                port=5432)
    # It listens before it takes anybody.
    while stage.run(programs + "pg_isready", "-h", stage.folder, check=False).returncode:
        time.sleep(0.1)
    script = ("create table t (n int primary key, s text);\n"
              "insert into t select i, repeat('x', i) from generate_series(1, 200) i;\n"
              "select * from t order by n;\n\\copy t to '/dev/null'\n"
              "begin; update t set s = 'y' where n < 5; rollback;\nselect nonsense;\n")
    stage.run(programs + "psql", "-h", stage.address, "-U", "tester", "postgres",
              says=script.encode())


@conversation("mariadb-server-core", "mariadb-client-core")
def mysql(stage):
    stage.give_to_nobody()
    data = "--datadir=" + stage.path("data")
    stage.run(*stage.as_nobody("mariadb-install-db", "--no-defaults", data,
                               "--auth-root-authentication-method=normal", "--skip-test-db"))
    stage.serve(*stage.as_nobody("mariadbd", "--no-defaults", data, "--bind-address=" +
                                 stage.address, "--port=3306",
                                 "--socket=" + stage.path("socket"), "--skip-name-resolve"),
                port=3306)
    stage.run("mariadb", "--no-defaults", "-S", stage.path("socket"), "-u", "root", "-e",
              "create user tester@'127.%' identified by 'secret'; "
              "grant all on *.* to tester@'127.%'; create database d")
    script = ("create table t (n int primary key, s text); insert into t values (1, 'a'), "
              "(2, repeat('b', 5000)); select * from t; show variables; select 1/0; "
              "prepare p from 'select ?'; set @a = 1; execute p using @a;")
    stage.run("mariadb", "--no-defaults", "-h", stage.address, "-P", 3306, "-u", "tester",
              "-psecret", "d", "-e", script)
    stage.run("mariadb", "--no-defaults", "-h", stage.address, "-P", 3306, "-u", "tester",
              "-pwrong", "d", "-e", "select 1", check=False)


@conversation("slapd", "ldap-utils")
def ldap(stage):
    os.mkdir(stage.path("data"))
    stage.serve("slapd", "-d", 0, "-h", "ldap://%s:389/" % stage.address, "-f", stage.write(
        "slapd.conf", "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\n"
        "moduleload back_mdb\ndatabase mdb\nsuffix dc=example\nrootdn cn=admin,dc=example\n"
        "rootpw secret\ndirectory %s\n" % stage.path("data")), port=389)
    entries = "dn: dc=example\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n\n" + "".join(
        "dn: cn=p%d,dc=example\nobjectClass: person\ncn: p%d\nsn: s\n\n" % (i, i)
        for i in range(20))
    login = ("-x", "-H", "ldap://%s:389/" % stage.address, "-D", "cn=admin,dc=example", "-w",
             "secret")
    stage.run("ldapadd", *login, says=entries.encode())
    stage.run("ldapsearch", *login, "-b", "dc=example", "(cn=p1*)")
    stage.run("ldapsearch", "-x", "-H", "ldap://%s:389/" % stage.address, "-b", "", "-s", "base",
              "+")
    stage.run("ldapdelete", *login, "cn=p3,dc=example")


@conversation("nats-server")
def nats(stage):
    stage.serve("nats-server", "-a", stage.address, "-p", 4222, port=4222)
    client = stage.connect(4222)
    client.until("\r\n")
    client.ask('CONNECT {"verbose":true}\r\n', "+OK")
    client.ask("SUB subject.* 1\r\n", "+OK")
    for size in (0, 5, 3000):
        client.send("PUB subject.a %d\r\n%s\r\n" % (size, "x" * size))
    client.until("MSG subject.a 1 3000")
    client.ask("PING\r\n", "PONG")
    client.close()


@conversation("beanstalkd")
def beanstalkd(stage):
    stage.serve("beanstalkd", "-l", stage.address, "-p", 11300, port=11300)
    client = stage.connect(11300)
    client.ask("put 1 0 60 5\r\nhello\r\n", "INSERTED")
    client.ask("reserve\r\n", "hello")
    client.ask("delete 1\r\n", "DELETED")
    client.ask("stats\r\n", "---")
    client.close()


@conversation("gearman-job-server", "gearman-tools")
def gearman(stage):
    stage.serve("gearmand", "-L", stage.address, "-p", 4730, "-l", stage.path("log"), port=4730)
    stage.start("gearman", "-h", stage.address, "-p", 4730, "-w", "-f", "count", "--", "wc")
    stage.run("gearman", "-h", stage.address, "-p", 4730, "-f", "count", "some words")
    client = stage.connect(4730)
    client.ask("status\n", ".\n")
    client.close()


@conversation("nbd-server", "libnbd-bin")
def nbd(stage):
    disk = stage.fill(1 << 18, "disk")
    stage.serve("nbd-server", "-d", "-C", stage.write(
        "nbd.conf", "[generic]\nlistenaddr = %s\nport = 10809\n[disk]\nexportname = %s\n"
        % (stage.address, disk)), port=10809)
    # Without a fork it takes one client.
    stage.run("nbdinfo", "nbd://%s/disk" % stage.address)
