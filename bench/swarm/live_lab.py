#!/usr/bin/env python3
"""A live stream to many listeners in swarmlab: live_lab.py SWARMLAB_DIR SCENARIO [--peers N] [--seconds S] ...

128 kbit/s, the server's uplink 4 x the stream, the listeners' 2 x. SWARMLAB_DIR holds swarmlab.py; it needs root and
network namespaces. SCENARIO: steady; churn (30 % of the listeners leave each minute, killed, and others join); poison
(10 % pass on wrong bytes); all (both). Prints one JSON object with the figures; --json FILE also has those of each listener.
"""
import argparse
import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RATE = 128_000
CONFIG = """
streams:
  radio:
    input: {{ type: pipe, contentType: audio/mpeg, realtime: false }}
    outputs:
      - {{ type: pdtp, uploadLimit: {limit}kbit/s }}
http: {{ host: 127.0.0.1, port: 6090 }}
"""


def options():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('lab')
    parser.add_argument('scenario', choices=['steady', 'churn', 'poison', 'all'])
    parser.add_argument('--program', default=os.path.join(HERE, '..', '..'), help='folder with bin/ and dist/')
    parser.add_argument('--seconds', type=float, default=120)
    parser.add_argument('--arrive', type=float, default=10)
    parser.add_argument('--json')
    parser.add_argument('--keep-logs')
    arguments, rest = parser.parse_known_args()
    sys.path.insert(0, arguments.lab)
    import swarmlab
    lab = argparse.ArgumentParser()
    swarmlab.lab_options(lab)
    lab.set_defaults(name='swarmlive', peers=30, server_up=0.512, up=0.256, down=2.0)
    return swarmlab, arguments, lab.parse_args(rest)


class Listener:
    """One session of a listener, which may be killed."""

    def __init__(self, run, member, session, poisons):
        self.poisons = poisons
        self.joined = time.monotonic()
        name = f'{member.directory}/s{session}'
        os.makedirs(name)
        self.report, self.pid_file, self.member = name + '.json', name + '/pid', member
        limit = round(member.up * 1e6 * 0.9)
        if poisons:
            command = f'node {HERE}/poisoner.js {run.program}/dist {shlex.quote(run.url)} {limit // 8}'
        else:
            command = f'node {run.program}/bin/distream.js get --upload-limit {limit} -o - {shlex.quote(run.url)}'
        listen = f"sh -c {shlex.quote(f'echo $$ > {self.pid_file}; exec {command} 2> {name}.log')}"
        sink = f'{sys.executable} {HERE}/live_frames.py sink {self.report}'
        self.process = run.lab.start(member, f'{listen} | {sink}')

    def kill(self):
        try:
            with open(self.pid_file, encoding='ascii') as file:
                os.kill(int(file.read()), signal.SIGKILL)
        except (OSError, ValueError):
            self.process.kill()

    def result(self):
        try:
            with open(self.report, encoding='utf-8') as file:
                return {'member': self.member.index, 'poisons': self.poisons, **json.load(file)}
        except OSError:
            return {'member': self.member.index, 'poisons': self.poisons, 'frames': 0, 'continuous': False, 'seconds': 0}


class Run:
    def __init__(self, swarmlab, arguments, lab):
        self.swarmlab, self.arguments, self.lab = swarmlab, arguments, lab
        self.program = os.path.abspath(arguments.program)
        self.random = random.Random(arguments.seed)
        self.url = None
        self.here, self.gone = {}, []

    def serve(self):
        server = self.lab.server
        config = f'{server.directory}/node.yaml'
        with open(config, 'w', encoding='utf-8') as file:
            file.write(CONFIG.format(limit=round(server.up * 900)))
        log = f'{server.directory}.log'
        self.lab.start(server, f'{sys.executable} {HERE}/live_frames.py source | '
                               f'node {self.program}/bin/distream.js run {config}', log)
        for _ in range(300):
            time.sleep(0.2)
            with open(log, encoding='utf-8', errors='replace') as file:
                found = re.search(r'pdtps://localhost(:\d+)?(/radio#key=[\w-]{43})', file.read())
            if found:
                self.url = f'pdtps://{server.address}{found[1] or ""}{found[2]}'
                return
        raise SystemExit('the node does not publish')

    def join(self, member, session=0):
        poisons = self.arguments.scenario in ('poison', 'all') and self.random.random() < 0.1
        self.here[member.index] = Listener(self, member, session, poisons)

    def go(self):
        arguments, lab = self.arguments, self.lab
        self.serve()
        time.sleep(5)
        start = time.monotonic()
        for at, member in enumerate(lab.peers):
            time.sleep(max(0, start + arguments.arrive * at / len(lab.peers) - time.monotonic()))
            self.join(member)
        base, cpu_base, began = lab.counters(), self.swarmlab.machine_cpu(), time.monotonic()
        churns = arguments.scenario in ('churn', 'all')
        every = 60 / (0.3 * len(lab.peers)) if churns else 1e9
        due, session = began + every, 0
        while time.monotonic() < began + arguments.seconds:
            time.sleep(0.1)
            if time.monotonic() >= due:
                due += every
                session += 1
                member = self.random.choice(lab.peers)
                self.here[member.index].kill()
                self.gone.append(self.here[member.index])
                time.sleep(0.2)
                self.join(member, session)
        total, cpu_end, ended = lab.counters(), self.swarmlab.machine_cpu(), time.monotonic()
        cpu = None
        for listener in self.here.values():
            listener.kill()
        time.sleep(3)
        span = ended - began
        listeners = [one.result() for one in [*self.gone, *self.here.values()] if ended - one.joined > 0]
        judged = [one for one in listeners if not one['poisons'] and one['seconds'] > 10]
        late = [what for one in judged for what in one.get('late', []) if what[0] > 5]
        delays = [one['delay_s'][2] for one in judged if one.get('delay_s')]
        arrivals = sorted(one['arrival_s'][2] for one in judged if one.get('arrival_s'))
        tx = {index: (total[index][0] - base[index][0]) * 8 / span / RATE for index in total}
        rx = [(total[m.index][1] - base[m.index][1]) * 8 / span / RATE for m in lab.peers]
        return {
            'scenario': arguments.scenario, 'peers': len(lab.peers), 'seconds': round(span, 1),
            'listeners': len(judged), 'poisoners': sum(one['poisons'] for one in listeners),
            'continuous': sum(one['continuous'] for one in judged),
            'stalls': sum('stall' in what[1] for what in late), 'losses': sum('lost' in what[1] for what in late),
            'delay_p99_worst_s': max(delays, default=None), 'arrival_p99_median_s': arrivals[len(arrivals) // 2] if arrivals else None,
            'start_worst_s': max((one['start_s'] for one in judged if one.get('start_s')), default=None),
            'server_streams': round(tx[0], 2), 'received_per_stream': round(sum(rx) / len(rx), 3),
            'machine_busy': round(1 - (cpu_end[1] - cpu_base[1]) / max(1, cpu_end[0] - cpu_base[0]), 3),
            'load': os.getloadavg()[0],
        }, listeners


def main():
    # With it Node.js reads a list of authorities at each start: 0.1 s of a core a peer, which no peer's machine spends.
    os.environ.pop('NODE_EXTRA_CA_CERTS', None)
    swarmlab, arguments, lab_options = options()
    arguments.seed = lab_options.seed
    swarmlab.stop_on_term()
    with swarmlab.open_lab(lab_options) as lab:
        result, listeners = Run(swarmlab, arguments, lab).go()
        for process in lab.processes:
            process.kill()
        if arguments.keep_logs:
            subprocess.run(['cp', '-r', lab.work, arguments.keep_logs], check=False)
    print(json.dumps(result))
    if arguments.json:
        with open(arguments.json, 'w', encoding='utf-8') as file:
            json.dump({**result, 'of_each': listeners}, file)


if __name__ == '__main__':
    main()
