/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vectors.h"

#include "hex.h"

/* clang-format off */

const struct vector vectors[] = {
    {"Connect, published", SSTP_VERSION_1_5,
     "01bc000105 00 67726f6f7665444e533a2f2f73657276657230312e72656c61792e6e657400 01 "
     "6470703a2f2f2f6d6b386b35646170376e66626e69336374777962 "
     "6d65773268327367693366683367 6a3569756900 "
     "4d00 010301 1800 e94cb5b2b7df00c965ed36eaed61261da8a0a2cb5d1b8366 "
     "1400 9890f12014f531cf1d0393090dee8e708d93218c "
     "1800 590f17da461a3d1aae5b86999345599f41c57ec407f59eed "
     "47726f6f766520436c69656e7420342e32203236323300 00",
     "0+1 command=0x1\n"
     "1+2 command.length=188\n"
     "3+1 version.major=1\n"
     "4+1 version.minor=5\n"
     "5+1 connect.reserved=0x0\n"
     "6+31 target_device_url=\"grooveDNS://server01.relay.net\"\n"
     "37+48 source_device_url.count=1\n"
     "38+47 source_device_url=\"dpp:///mk8k5dap7nfbni3ctwybmew2h2sgi3fh3gj5iui\"\n"
     "85+79 auth_token=77:0103011800e94cb5b2b7df00c965ed36eaed61261da8a0a2cb5d1b836614"
     "009890f12014f531cf1d0393090dee8e708d93218c1800590f17da461a3d"
     "1aae5b86999345599f41c57ec407f59eed\n"
     "164+23 product.version=\"Groove Client 4.2 2623\"\n"
     "187+1 product.capabilities=\"\"\n",
     "Connect 1.5 to grooveDNS://server01.relay.net"},
    {"ConnectResponse, published", SSTP_VERSION_1_5,
     "02a9000105 00 6700 010302 1800 690619ae3bad0b7a5a7a67e0a2904165285bf6d2e78eb4f6 "
     "1400 9d054d7db0a0ed481ed705baf024a0d6be022bd1 "
     "1800 00e8f4ab6cb1f0c0e92dc80b2d915e074c9a2434b7f1b810 "
     "1800 bc51278e48f5d6739a53323f6893b6c51d554fe242512113 "
     "03 47726f6f76652052656c61792031322e30203134303700 00 "
     "01 67726f6f7665444e533a2f2f73657276657230312e72656c61792e6e657400 00",
     "0+1 command=0x2\n"
     "1+2 command.length=169\n"
     "3+1 version.major=1\n"
     "4+1 version.minor=5\n"
     "5+1 connect.response=0x0\n"
     "6+105 auth_token=103:0103021800690619ae3bad0b7a5a7a67e0a2904165285bf6d2e78eb4f61"
     "4009d054d7db0a0ed481ed705baf024a0d6be022bd1180000e8f4ab6cb1f0c0e92dc80b2d915e074"
     "c9a2434b7f1b8101800bc51278e48f5d6739a53323f6893b6c51d554fe242512113\n"
     "111+1 connect.flags=0x3\n"
     "112+23 product.version=\"Groove Relay 12.0 1407\"\n"
     "135+1 product.capabilities=\"\"\n"
     "136+32 target_device_url.count=1\n"
     "137+31 target_device_url=\"grooveDNS://server01.relay.net\"\n"
     "168+1 connect.reserved=0x0\n",
     "ConnectResponse Ok 1.5"},
    {"Noop, published", SSTP_VERSION_1_5,
     "10 0700 01000000",
     "0+1 command=0x10\n"
     "1+2 command.length=7\n"
     "3+4 message_count=1\n",
     "Noop [acks 1]"},
    {"Connect, empty", SSTP_VERSION_1_5,
     "01 0c00 01 06 00 00 00 0000 00 00",
     "0+1 command=0x1\n"
     "1+2 command.length=12\n"
     "3+1 version.major=1\n"
     "4+1 version.minor=6\n"
     "5+1 connect.reserved=0x0\n"
     "6+1 target_device_url=\"\"\n"
     "7+1 source_device_url.count=0\n"
     "8+2 auth_token=0:\n"
     "10+1 product.version=\"\"\n"
     "10+1 !string_empty\n"
     "11+1 product.capabilities=\"\"\n",
     "Connect 1.6 to "},
    {"Connect, two source devices", SSTP_VERSION_1_5,
     "01 1e00 01 06 00 'r1' 00 02 'dpp:///a' 00 'b' 00 0100 ff 'P' 00 'A;B' 00",
     "0+1 command=0x1\n"
     "1+2 command.length=30\n"
     "3+1 version.major=1\n"
     "4+1 version.minor=6\n"
     "5+1 connect.reserved=0x0\n"
     "6+3 target_device_url=\"r1\"\n"
     "9+12 source_device_url.count=2\n"
     "10+9 source_device_url=\"dpp:///a\"\n"
     "19+2 source_device_url[1]=\"b\"\n"
     "21+3 auth_token=1:ff\n"
     "24+2 product.version=\"P\"\n"
     "26+4 product.capabilities=\"A;B\"\n",
     "Connect 1.6 to r1"},
    {"ConnectResponse, TryLater", SSTP_VERSION_1_5,
     "02 1900 01 06 02 0000 00 'R 1' 00 'ABC;MDF' 00 3c000000",
     "0+1 command=0x2\n"
     "1+2 command.length=25\n"
     "3+1 version.major=1\n"
     "4+1 version.minor=6\n"
     "5+1 connect.response=0x2\n"
     "6+2 auth_token=0:\n"
     "8+1 connect.flags=0x0\n"
     "9+4 product.version=\"R 1\"\n"
     "13+8 product.capabilities=\"ABC;MDF\"\n"
     "21+4 connect.retry_time=60\n",
     "ConnectResponse TryLater 1.6"},
    {"ConnectResponse, WillUpgrade", SSTP_VERSION_1_5,
     "02 0f00 01 05 03 0000 02 00 00 00000080",
     "0+1 command=0x2\n"
     "1+2 command.length=15\n"
     "3+1 version.major=1\n"
     "4+1 version.minor=5\n"
     "5+1 connect.response=0x3\n"
     "6+2 auth_token=0:\n"
     "8+1 connect.flags=0x2\n"
     "9+1 product.version=\"\"\n"
     "9+1 !string_empty\n"
     "10+1 product.capabilities=\"\"\n"
     "11+4 connect.retry_time=2147483648\n",
     "ConnectResponse WillUpgrade 1.5"},
    {"ConnectResponse, WrongDevice", SSTP_VERSION_1_5,
     "02 0b00 01 05 01 0000 01 00 00",
     "0+1 command=0x2\n"
     "1+2 command.length=11\n"
     "3+1 version.major=1\n"
     "4+1 version.minor=5\n"
     "5+1 connect.response=0x1\n"
     "6+2 auth_token=0:\n"
     "8+1 connect.flags=0x1\n"
     "9+1 product.version=\"\"\n"
     "9+1 !string_empty\n"
     "10+1 product.capabilities=\"\"\n",
     "ConnectResponse WrongDevice 1.5"},
    {"ConnectResponse, NewVersionRequired", SSTP_VERSION_1_5,
     "02 0a00 01 06 05 0000 00 00",
     "0+1 command=0x2\n"
     "1+2 command.length=10\n"
     "3+1 version.major=1\n"
     "4+1 version.minor=6\n"
     "5+1 connect.response=0x5\n"
     "6+2 auth_token=0:\n"
     "8+1 product.version=\"\"\n"
     "8+1 !string_empty\n"
     "9+1 product.capabilities=\"\"\n",
     "ConnectResponse NewVersionRequired 1.6"},
    {"ConnectAuthenticate", SSTP_VERSION_1_5,
     "03 0a00 0500 0103030000",
     "0+1 command=0x3\n"
     "1+2 command.length=10\n"
     "3+7 auth_token=5:0103030000\n",
     "ConnectAuthenticate"},
    {"ConnectClose, ProtocolError", SSTP_VERSION_1_5,
     "04 0800 03 02000000",
     "0+1 command=0x4\n"
     "1+2 command.length=8\n"
     "3+1 connect_close.reason=0x3\n"
     "4+4 message_count=2\n",
     "ConnectClose ProtocolError [acks 2]"},
    {"ConnectClose, Resting", SSTP_VERSION_1_5,
     "04 0c00 01 00000000 2c010000",
     "0+1 command=0x4\n"
     "1+2 command.length=12\n"
     "3+1 connect_close.reason=0x1\n"
     "4+4 message_count=0\n"
     "8+4 connect_close.return_time=300\n",
     "ConnectClose Resting"},
    {"Open", SSTP_VERSION_1_5,
     "05 1500 21000000 'res' 00 'id' 00 'dev' 00 00 0000",
     "0+1 command=0x5\n"
     "1+2 command.length=21\n"
     "3+4 session_id=0x21\n"
     "7+4 resource_url=\"res\"\n"
     "11+3 identity_url=\"id\"\n"
     "14+4 device_url=\"dev\"\n"
     "18+1 open.flags=0x0\n"
     "19+2 open.reserved=0x0\n",
     "Open s=0x21 res"},
    {"Open, presence", SSTP_VERSION_1_5,
     "05 1900 feffff7f 'GrooveWANdpp' 00 00 00 01 0000",
     "0+1 command=0x5\n"
     "1+2 command.length=25\n"
     "3+4 session_id=0x7ffffffe\n"
     "7+13 resource_url=\"GrooveWANdpp\"\n"
     "20+1 identity_url=\"\"\n"
     "21+1 device_url=\"\"\n"
     "22+1 open.flags=0x1\n"
     "23+2 open.reserved=0x0\n",
     "Open s=0x7ffffffe GrooveWANdpp"},
    {"FanoutOpen, 1.5", SSTP_VERSION_1_5,
     "06 1e00 22000000 'res' 00 00 0200 "
     "'i1' 00 'd1' 00 'r1' 00 "
     "'i2' 00 00 00 "
     "0000",
     "0+1 command=0x6\n"
     "1+2 command.length=30\n"
     "3+4 session_id=0x22\n"
     "7+4 resource_url=\"res\"\n"
     "11+1 open.flags=0x0\n"
     "12+16 fanout.count=2\n"
     "14+9 entry 0\n"
     "14+3 identity_url=\"i1\"\n"
     "17+3 device_url=\"d1\"\n"
     "20+3 relay_url=\"r1\"\n"
     "23+5 entry 1\n"
     "23+3 identity_url[1]=\"i2\"\n"
     "26+1 device_url[1]=\"\"\n"
     "27+1 relay_url[1]=\"\"\n"
     "28+2 open.reserved=0x0\n",
     "FanoutOpen s=0x22 res, 2 destinations"},
    {"FanoutOpen, 1.6", SSTP_VERSION_1_6,
     "06 2000 22000000 'res' 00 00 0200 "
     "'i1' 00 'd1' 00 'r1' 00 00 "
     "'i2' 00 00 00 00 "
     "0000",
     "0+1 command=0x6\n"
     "1+2 command.length=32\n"
     "3+4 session_id=0x22\n"
     "7+4 resource_url=\"res\"\n"
     "11+1 open.flags=0x0\n"
     "12+18 fanout.count=2\n"
     "14+10 entry 0\n"
     "14+3 identity_url=\"i1\"\n"
     "17+3 device_url=\"d1\"\n"
     "20+3 relay_url=\"r1\"\n"
     "23+1 failover_device_urls=\"\"\n"
     "24+6 entry 1\n"
     "24+3 identity_url[1]=\"i2\"\n"
     "27+1 device_url[1]=\"\"\n"
     "28+1 relay_url[1]=\"\"\n"
     "29+1 failover_device_urls[1]=\"\"\n"
     "30+2 open.reserved=0x0\n",
     "FanoutOpen s=0x22 res, 2 destinations"},
    {"FanoutOpen, no entry", SSTP_VERSION_1_5,
     "06 0e00 22000000 'r' 00 00 0000 0000",
     "0+1 command=0x6\n"
     "1+2 command.length=14\n"
     "3+4 session_id=0x22\n"
     "7+2 resource_url=\"r\"\n"
     "9+1 open.flags=0x0\n"
     "10+2 fanout.count=0\n"
     "12+2 open.reserved=0x0\n",
     "FanoutOpen s=0x22 r, 0 destinations"},
    {"OpenResponse", SSTP_VERSION_1_5,
     "07 0800 21000000 0b",
     "0+1 command=0x7\n"
     "1+2 command.length=8\n"
     "3+4 session_id=0x21\n"
     "7+1 open.response=0xb\n",
     "OpenResponse s=0x21 OkStopSending"},
    {"Attach", SSTP_VERSION_1_5,
     "08 1200 01000000 'r' 00 'acc' 00 0300 010304",
     "0+1 command=0x8\n"
     "1+2 command.length=18\n"
     "3+4 event_id=0x1\n"
     "7+2 resource_url=\"r\"\n"
     "9+4 account_url=\"acc\"\n"
     "13+5 auth_token=3:010304\n",
     "Attach s=0x1 acc"},
    {"AttachResponse", SSTP_VERSION_1_5,
     "09 0d00 01000000 03 0300 010403",
     "0+1 command=0x9\n"
     "1+2 command.length=13\n"
     "3+4 event_id=0x1\n"
     "7+1 attach.response=0x3\n"
     "8+5 auth_token=3:010403\n",
     "AttachResponse s=0x1 AwaitingRegister"},
    {"AttachAuthenticate", SSTP_VERSION_1_5,
     "0a 0a00 01000000 0100 aa",
     "0+1 command=0xa\n"
     "1+2 command.length=10\n"
     "3+4 event_id=0x1\n"
     "7+3 auth_token=1:aa\n",
     "AttachAuthenticate s=0x1"},
    {"Register", SSTP_VERSION_1_5,
     "0b 0900 02000000 0000",
     "0+1 command=0xb\n"
     "1+2 command.length=9\n"
     "3+4 event_id=0x2\n"
     "7+2 registration_token=0:\n",
     "Register s=0x2"},
    {"RegisterResponse", SSTP_VERSION_1_5,
     "0c 0a00 02000000 0100 bb",
     "0+1 command=0xc\n"
     "1+2 command.length=10\n"
     "3+4 event_id=0x2\n"
     "7+3 registration_token=1:bb\n",
     "RegisterResponse s=0x2"},
    {"Message, plain", SSTP_VERSION_1_5,
     "0d 0d00 21000000 00000000 00 00",
     "0+1 command=0xd\n"
     "1+2 command.length=13\n"
     "3+4 session_id=0x21\n"
     "7+4 message_count=0\n"
     "11+1 message.flags=0x0\n"
     "12+1 message.user_ref=\"\"\n",
     "Message s=0x21"},
    {"Message, every field", SSTP_VERSION_1_5,
     "0d 3d00 21000080 07000000 77 'u1' 00 100e0000 "
     "0100000000000000 0200000000000000 0807060504030201 "
     "03000000 02000000 'f' 00 ffffffffffffffff",
     "0+1 command=0xd\n"
     "1+2 command.length=61\n"
     "3+4 session_id=0x80000021\n"
     "7+4 message_count=7\n"
     "11+1 message.flags=0x77\n"
     "12+3 message.user_ref=\"u1\"\n"
     "15+4 message.ttl=3600\n"
     "19+8 message.byte_stream_size=1\n"
     "27+8 message.session_size=2\n"
     "35+8 message.message_size=72623859790382856\n"
     "43+4 message.fragment.count=3\n"
     "47+4 message.fragment.number=2\n"
     "51+2 message.fragment.id=\"f\"\n"
     "53+8 message.fragment.offset=18446744073709551615\n",
     "Message s=0x80000021 [acks 7]"},
    {"Message, ephemeral", SSTP_VERSION_1_5,
     "0d 1100 21000000 00000000 02 00 3c000000",
     "0+1 command=0xd\n"
     "1+2 command.length=17\n"
     "3+4 session_id=0x21\n"
     "7+4 message_count=0\n"
     "11+1 message.flags=0x2\n"
     "12+1 message.user_ref=\"\"\n"
     "13+4 message.ttl=60\n",
     "Message s=0x21"},
    {"Message, ephemeral with Reserved1", SSTP_VERSION_1_5,
     "0d 1500 21000000 00000000 02 00 3c000000 00000000",
     "0+1 command=0xd\n"
     "1+2 command.length=21\n"
     "3+4 session_id=0x21\n"
     "7+4 message_count=0\n"
     "11+1 message.flags=0x2\n"
     "12+1 message.user_ref=\"\"\n"
     "13+4 message.ttl=60\n"
     "17+4 message.reserved1=0x0\n",
     "Message s=0x21"},
    {"Message, ephemeral with both reserved", SSTP_VERSION_1_5,
     "0d 1600 21000000 00000000 02 00 3c000000 00000000 00",
     "0+1 command=0xd\n"
     "1+2 command.length=22\n"
     "3+4 session_id=0x21\n"
     "7+4 message_count=0\n"
     "11+1 message.flags=0x2\n"
     "12+1 message.user_ref=\"\"\n"
     "13+4 message.ttl=60\n"
     "17+4 message.reserved1=0x0\n"
     "21+1 message.reserved2=0x0\n",
     "Message s=0x21"},
    {"Data", SSTP_VERSION_1_5,
     "0e 0a00 21000000 ff00ff",
     "0+1 command=0xe\n"
     "1+2 command.length=10\n"
     "3+4 session_id=0x21\n"
     "7+3 data=ff00ff\n",
     "Data s=0x21"},
    {"Data, empty", SSTP_VERSION_1_5,
     "0e 0700 21000000",
     "0+1 command=0xe\n"
     "1+2 command.length=7\n"
     "3+4 session_id=0x21\n"
     "7+0 data=\n",
     "Data s=0x21"},
    {"EndMessage", SSTP_VERSION_1_5,
     "0f 0700 21000000",
     "0+1 command=0xf\n"
     "1+2 command.length=7\n"
     "3+4 session_id=0x21\n",
     "EndMessage s=0x21"},
    {"Close", SSTP_VERSION_1_5,
     "11 0800 21000000 15",
     "0+1 command=0x11\n"
     "1+2 command.length=8\n"
     "3+4 session_id=0x21\n"
     "7+1 close.reason=0x15\n",
     "Close s=0x21 EmptySession"},
    {"SessionStatus, 1.5", SSTP_VERSION_1_5,
     "12 0f00 22000000 04 00 'd1' 00 'i1' 00",
     "0+1 command=0x12\n"
     "1+2 command.length=15\n"
     "3+4 session_id=0x22\n"
     "7+1 session_status=0x4\n"
     "8+1 session_status.reserved=0x0\n"
     "9+3 device_url=\"d1\"\n"
     "12+3 identity_url=\"i1\"\n",
     "SessionStatus s=0x22 QuotaWouldBeExceeded"},
    {"SessionStatus, 1.6 with one destination", SSTP_VERSION_1_6,
     "12 1100 22000000 05 00 'd1' 00 'i1' 00 0000",
     "0+1 command=0x12\n"
     "1+2 command.length=17\n"
     "3+4 session_id=0x22\n"
     "7+1 session_status=0x5\n"
     "8+1 session_status.reserved=0x0\n"
     "9+3 device_url=\"d1\"\n"
     "12+3 identity_url=\"i1\"\n"
     "15+2 session_status.count=0\n",
     "SessionStatus s=0x22 LockedOut"},
    {"SessionStatus, 1.6 with indexes", SSTP_VERSION_1_6,
     "12 1100 22000000 01 00 00 00 0200 0000 0501",
     "0+1 command=0x12\n"
     "1+2 command.length=17\n"
     "3+4 session_id=0x22\n"
     "7+1 session_status=0x1\n"
     "8+1 session_status.reserved=0x0\n"
     "9+1 device_url=\"\"\n"
     "10+1 identity_url=\"\"\n"
     "11+6 session_status.count=2\n"
     "13+2 session_status.index=0\n"
     "15+2 session_status.index[1]=261\n",
     "SessionStatus s=0x22 DNSLookupFailed"},
};

/* clang-format on */

const size_t num_vectors = sizeof vectors / sizeof vectors[0];

size_t vector_bytes(const struct vector *vector, uint8_t *bytes)
{
    return hex_parse(vector->hex, bytes, VECTOR_LEN_MAX);
}
