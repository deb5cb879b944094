#!/usr/bin/env python3
"""Our commands for swarmlab: lab.py SWARMLAB_DIR SCENARIO [--node 'node bin/distream.js'] [options of `swarmlab.py run`]

SWARMLAB_DIR holds swarmlab.py; it needs root and network namespaces. SCENARIO is one of SCENARIOS, or `all`.
Prints one JSON object a run, the main figures first. Other options go to swarmlab as they are.
"""
import glob
import json
import os
import shlex
import subprocess
import sys
import tempfile

import arrivals

HERE = os.path.dirname(os.path.abspath(__file__))
SIZE = 20_000_000
# Of the fair rate: what a player of `pipe20` takes.
PLAYED = 0.8
SCENARIOS = {
    'flat20': '--peers 20 --up 4 --down 40',
    'flat40': '--peers 40 --up 4 --down 40',
    'mixed20': '--peers 20 --up 2 --down 20 --mix 40:1,40:2,20:5',
    'fire20': '--peers 20 --up 4 --down 40 --firewalled 40',
    'churn20': '--peers 20 --up 4 --down 40 --churn 40 --churn-on 15 --churn-off 5',
    'leave20': '--peers 20 --up 4 --down 40 --leave-after 0',
    'delay20': '--peers 20 --up 4 --down 40 --delay 25',
    'pipe20': '--peers 20 --up 4 --down 40',
}
SHOWN = ['complete', 'bound_s', 'first_s', 'median_s', 'p95_s', 'last_s', 'efficiency', 'efficiency_present',
         'server_copies', 'offload', 'wire_per_payload', 'machine_busy', 'cpu_peer_mean_s', 'cpu_server_s', 'wrong_hashes', 'waits']
MAKE_KEY = """
const { generateKeyPairSync } = require('node:crypto');
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
require('node:fs').writeFileSync(process.argv[1], privateKey.export({ type: 'pkcs8', format: 'pem' }));
console.log(publicKey.export({ type: 'spki', format: 'der' }).subarray(12).toString('base64url'));
"""


def run(lab, program, scenario, rest, folder):
    payload = os.path.join(folder, 'payload.bin')
    key_file = os.path.join(folder, 'key.pem')
    key = subprocess.run(['node', '-e', MAKE_KEY, key_file], capture_output=True, text=True, check=True).stdout.strip()
    url = f'pdtps://{{server}}/payload.bin#key={key}'
    # 92 % of the line: the rest is for heads, and for orders that must not wait behind chunks
    server = (f'cp {{file}} {{dir}}/payload.bin; exec {program} serve {{dir}} --host 0.0.0.0 --key {key_file} '
              '--upload-limit 7.4M')
    is_pipe = scenario == 'pipe20'
    peer = f'{program} get --stay 600 -o {"-" if is_pipe else "{dir}/payload.bin"} {shlex.quote(url)}'
    if is_pipe:
        peer += f' | {sys.executable} {HERE}/arrivals.py {folder}/arrivals-{{index}}.json {{dir}}/payload.bin {SIZE}'
    else:
        peer = f'exec {peer}'
    out = os.path.join(folder, f'{scenario}.json')
    words = [sys.executable, os.path.join(lab, 'swarmlab.py'), 'run', *SCENARIOS[scenario].split(), '--file', payload,
             '--server', server, '--peer', peer, '--head-start', '8', '--json', out, '--label', scenario, *rest]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    with open(out, encoding='utf-8') as file:
        result = json.load(file)
    if is_pipe:
        result['waits'] = played(folder, PLAYED * SIZE / result['bound_s'])
    if os.environ.get('LAB_OUT'):
        import shutil
        shutil.copy(out, os.environ['LAB_OUT'])
    print(json.dumps({'scenario': scenario, 'load': os.getloadavg(), **{key: result.get(key) for key in SHOWN}}), flush=True)
    return result


def played(folder, bytes_per_second):
    """Of players that begin 2 s after their first byte: who waited how often and how long."""
    found = {}
    for path in glob.glob(f'{folder}/arrivals-*.json'):
        with open(path, encoding='utf-8') as file:
            count, waited = arrivals.waits(json.load(file), bytes_per_second)
        found[path.rsplit('-', 1)[1].removesuffix('.json')] = (count, waited)
    return {'players': len(found), 'waited': sum(count > 0 for count, _ in found.values()),
            'longest_s': max((waited for _, waited in found.values()), default=None)}


def main():
    # With it Node.js reads a list of authorities at each start: 0.1 s of a core a peer, which no peer's machine spends.
    os.environ.pop('NODE_EXTRA_CA_CERTS', None)
    lab, scenario, *rest = sys.argv[1:]
    program = f'node {os.path.join(HERE, "..", "..", "bin", "distream.js")}'
    if '--node' in rest:
        at = rest.index('--node')
        program = rest[at + 1]
        del rest[at:at + 2]
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, 'payload.bin'), 'wb') as file:
            file.write(os.urandom(SIZE))
        for name in SCENARIOS if scenario == 'all' else [scenario]:
            run(lab, program, name, rest, folder)


main()
