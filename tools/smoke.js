// Starts the built program as a user would: the demo on a free port, listens to it for a few seconds, ends it.
// Runs on any supported Node line; exits 1 with a reason when something is not as it should be.
import { spawn } from 'node:child_process';
import http from 'node:http';
import { fileURLToPath } from 'node:url';

const LISTEN_BYTES = 64_000;
const DEADLINE_MS = 30_000;
const bin = fileURLToPath(new URL('../bin/distream.js', import.meta.url));

function get(url, onResponse) {
  return http.get(url, { agent: false }, onResponse);
}

function listen(url) {
  return new Promise((resolve, reject) => {
    const request = get(url, (response) => {
      let bytes = 0;
      if (response.statusCode !== 200) return reject(new Error(`status ${response.statusCode}`));
      response.on('data', (data) => {
        bytes += data.length;
        if (bytes >= LISTEN_BYTES) {
          request.destroy();
          resolve(bytes);
        }
      });
      response.on('error', () => {});
    });
    request.on('error', reject);
  });
}

async function listenWhenReady(url, deadlineMs) {
  for (;;) {
    try {
      return await listen(url);
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

const demo = spawn(process.execPath, [bin, 'demo', '--port', '18765'], { stdio: ['ignore', 'inherit', 'inherit'] });
const exited = new Promise((resolve) => demo.on('exit', resolve));
try {
  const bytes = await listenWhenReady('http://127.0.0.1:18765/demo.mp3', performance.now() + DEADLINE_MS);
  console.log(`smoke: heard ${bytes} bytes on Node ${process.version}`);
  demo.kill('SIGINT');
  const slow = setTimeout(() => demo.kill('SIGKILL'), 5000);
  const code = await exited;
  clearTimeout(slow);
  if (code !== 0 && code !== 130) throw new Error(`the demo ended with ${code}`);
} catch (error) {
  console.error(`smoke: ${error.message}`);
  demo.kill('SIGKILL');
  process.exitCode = 1;
}
