import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, start, until } from './child.ts';
import { get } from './distream.ts';
import { freePort } from './ports.ts';

const PASSWORD = 'icecast-secret';

/** Debian's Icecast on a free port, with its own defaults. */
export interface Icecast extends Child {
  readonly port: number;
  readonly password: string;
}

/** Starts Icecast; `extra` goes into its configuration, e.g. a relay. */
export async function startIcecast(extra = ''): Promise<Icecast> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'icecast-e2e-'));
  chmodSync(folder, 0o777);
  const file = join(folder, 'icecast.xml');
  const owner =
    process.getuid?.() === 0
      ? '<security><changeowner><user>nobody</user><group>nogroup</group></changeowner></security>'
      : '';
  writeFileSync(
    file,
    `<icecast><limits><clients>50</clients><sources>5</sources><source-timeout>10</source-timeout></limits>
<authentication><source-password>${PASSWORD}</source-password><relay-password>${PASSWORD}</relay-password>
<admin-user>admin</admin-user><admin-password>${PASSWORD}</admin-password></authentication>
<hostname>localhost</hostname><listen-socket><port>${port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
${extra}<paths><basedir>${folder}</basedir><logdir>${folder}</logdir><webroot>/usr/share/icecast2/web</webroot>
<adminroot>/usr/share/icecast2/admin</adminroot></paths><logging><accesslog>access.log</accesslog>
<errorlog>error.log</errorlog><loglevel>3</loglevel></logging>${owner}</icecast>`,
  );
  const child = start('icecast2', ['-c', file]);
  await until('Icecast', async () => (await get(`http://127.0.0.1:${port}/status-json.xsl`)).length > 0);
  return { ...child, port, password: PASSWORD };
}
