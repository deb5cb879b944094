"""distream as carriers for a lab of bad networks.

The lab has two sides, A with a live source at http://127.0.0.1:8000/live and B with a listener, and calls each function
with a run: run.start(side, command) starts a program, run.write(name, text) writes a file, run.lab.address('a') is A's
address on the line, run.http(url) tells where the listener finds its stream.
"""
import json
import os
import subprocess

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NODE = os.environ.get('NODE', 'node')
DISTREAM = [NODE, os.path.join(HOME, 'bin', 'distream.js')]
DISTREAMER = [NODE, os.path.join(HOME, 'bin', 'distreamer.js')]

SENDER = '''
http: {{ host: 127.0.0.1, port: 8100 }}
link: {{ key: {key} }}
streams:
  live:
    buffer: 60s
    input: {{ type: icecast, url: "http://127.0.0.1:8000/live" }}
    outputs:
      - {{ type: link, listen: {{ host: 0.0.0.0, port: 4090 }}, peer: {peer}{more} }}
'''

RECEIVER = '''
http: {{ host: 127.0.0.1, port: 8080 }}
link: {{ key: {key} }}
streams:
  live:
    buffer: 60s
    reserve: {reserve}
    start: full
    input: {{ type: link, to: {to}, peer: {peer}{more} }}
    outputs:
      - {{ type: icecast, mount: /live, burst: 2s, tick: {tick} }}
'''


def key_pair():
    """A new private key and its public key."""
    made = subprocess.run([*DISTREAM, 'keygen', '--json'], check=True, capture_output=True, text=True).stdout
    keys = json.loads(made)
    return keys['privateKey'], keys['publicKey']


def link(to, reserve='25s', tick='100ms', send='', receive=''):
    """B dials A; `to` is made of A's addresses."""
    def carrier(run):
        run.source()
        sender, receiver = key_pair(), key_pair()
        a = run.write('a.yaml', SENDER.format(key=sender[0], peer=receiver[1], more=send))
        b = run.write('b.yaml', RECEIVER.format(key=receiver[0], peer=sender[1], to=to(run), reserve=reserve,
                                                tick=tick, more=receive))
        run.start('a', [*DISTREAM, 'run', a, '--log-format', 'pretty'], log='a.log')
        run.start('b', [*DISTREAM, 'run', b, '--log-format', 'pretty'], log='b.log')
        return run.http('http://127.0.0.1:8080/live')
    return carrier


def all_addresses(run):
    return '[' + ', '.join(f'"{address}:4090"' for address in addresses(run)) + ']'


def addresses(run):
    return [run.lab.address('a', path) for path in range(run.schedule.paths)]


def distreamer_compat(run):
    """Two INI files of DiStreamer: a persistent server on A, its client and Shoutcast server on B, 5 fragments of 5 s."""
    run.source()
    a = run.write('a.conf', '[INPUT]\nMODE=ShoutcastClient\nSTREAMURL=http://127.0.0.1:8000/live\n'
                  '[OUTPUT]\nMODE=DiStreamerPersServer\nHOSTNAME=0.0.0.0\nPORT=4080\nPASSWORD=lab-secret\n')
    b = run.write('b.conf', f'[INPUT]\nMODE=DiStreamerPersClient\nSERVERURL=http://{run.lab.address("a")}:4080\n'
                  'PASSWORD=lab-secret\n[OUTPUT]\nMODE=ShoutcastServer\nHOSTNAME=127.0.0.1\nPORT=8080\n')
    run.start('a', [*DISTREAMER, a], log='a.log')
    run.start('b', [*DISTREAMER, b], log='b.log')
    return run.http('http://127.0.0.1:8080/live')


CARRIERS = {
    'distream': link(all_addresses),
    'distream-tls': link(lambda run: f'"tls://{run.lab.address("a")}:4090"'),
    'distream-2paths': link(all_addresses, reserve='500ms', tick='100ms', receive=', policy: race', send=', policy: race'),
    'distreamer-compat': distreamer_compat,
}
