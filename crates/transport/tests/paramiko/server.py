"""A partner's server whose software is paramiko. Prints its port and the line of its host key."""

import os
import socket
import sys
import threading

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.sftp import SFTP_OK

ROOT, PASSWORD, DAMAGE = sys.argv[1], sys.argv[2], sys.argv[3:] == ["damage"]


class Login(paramiko.ServerInterface):
    def check_auth_password(self, username, password):
        return AUTH_SUCCESSFUL if (username, password) == ("acme", PASSWORD) else AUTH_FAILED

    def get_allowed_auths(self, username):
        return "password"

    def check_channel_request(self, kind, chanid):
        return OPEN_SUCCEEDED


class Handle(paramiko.SFTPHandle):
    def stat(self):
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))

    def write(self, offset, data):
        if DAMAGE and offset == 0:
            data = b"?" + data[1:]
        return super().write(offset, data)


class Files(paramiko.SFTPServerInterface):
    def real(self, path):
        return ROOT + self.canonicalize(path)

    def attempt(self, do, *arguments):
        try:
            do(*arguments)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        return SFTP_OK

    def list_folder(self, path):
        entries = []
        for name in os.listdir(self.real(path)):
            facts = os.stat(os.path.join(self.real(path), name))
            entries.append(paramiko.SFTPAttributes.from_stat(facts, name))
        return entries

    def stat(self, path):
        try:
            return paramiko.SFTPAttributes.from_stat(os.stat(self.real(path)))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    lstat = stat

    def open(self, path, flags, attributes):
        try:
            # To be hashed it has to be read, too.
            if flags & os.O_WRONLY:
                flags = flags & ~os.O_WRONLY | os.O_RDWR
            number = os.open(self.real(path), flags, 0o600)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        handle = Handle(flags)
        handle.filename = self.real(path)
        handle.readfile = handle.writefile = os.fdopen(number, "rb+" if flags & os.O_RDWR else "rb")
        return handle

    def remove(self, path):
        return self.attempt(os.remove, self.real(path))

    def rename(self, old, new):
        if os.path.exists(self.real(new)):
            return paramiko.SFTP_FAILURE
        return self.attempt(os.rename, self.real(old), self.real(new))

    def mkdir(self, path, attributes):
        return self.attempt(os.mkdir, self.real(path))


def serve(connection, key):
    transport = paramiko.Transport(connection)
    transport.add_server_key(key)
    transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Files)
    transport.start_server(server=Login())


key = paramiko.ECDSAKey.generate()
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], key.get_name(), key.get_base64(), flush=True)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection, key), daemon=True).start()
