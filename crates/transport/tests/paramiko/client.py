"""A partner whose software is paramiko: puts, lists, fetches and renames, and guesses passwords."""

import sys

import paramiko


def session(port, **login):
    transport = paramiko.Transport(("127.0.0.1", port))
    transport.connect(username="acme", **login)
    return transport, paramiko.SFTPClient.from_transport(transport)


def transfer(port, key, password, content, back):
    for kind in ["ed25519", "rsa"]:
        transport, sftp = session(port, pkey=paramiko.PKey.from_path(f"{key}/{kind}"))
        sftp.listdir("inbound")
        transport.close()
    transport, sftp = session(port, password=password)
    sftp.put(content, "inbound/large.filepart")
    sftp.rename("inbound/large.filepart", "inbound/large")
    # Asks for the whole file at once.
    sftp.get("inbound/large", back)
    sftp.posix_rename("inbound/large", "inbound/again")
    assert sftp.listdir("inbound") == ["again"], sftp.listdir("inbound")
    with sftp.open("inbound/part.filepart", "w") as part:
        part.write("ISA")
    with sftp.open("inbound/part.filepart", "a") as part:
        part.write("*00")
    assert sftp.stat("inbound/part.filepart").st_size == 6
    sftp.rename("inbound/part.filepart", "inbound/part")
    sftp.remove("inbound/again")
    transport.close()


def guess(port):
    """A wrong password on each of some connections; each has to be answered."""
    answered = 0
    for _ in range(5):
        transport = paramiko.Transport(("127.0.0.1", port))
        transport.auth_timeout = 10
        transport.start_client()
        try:
            transport.auth_password("acme", "wrong", fallback=False)
        except paramiko.AuthenticationException as error:
            assert "timeout" not in str(error).lower(), error
            answered += 1
        transport.close()
    print(answered)


if sys.argv[1] == "transfer":
    transfer(int(sys.argv[2]), *sys.argv[3:7])
else:
    guess(int(sys.argv[2]))
