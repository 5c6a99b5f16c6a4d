// The floor: what no tool over ssh can go below. One login and one exec per host with ssh2, with the same reads on the host
// that kvmnet does, and nothing else. Plain JavaScript, so that nothing is compiled when it starts.
// Usage: node floor.mjs SCRIPT PRIVATE_KEY ADDRESS...
import { readFileSync } from 'node:fs';
import ssh2 from 'ssh2';

const [scriptFile, keyFile, ...addresses] = process.argv.slice(2);
const script = readFileSync(scriptFile);
const privateKey = readFileSync(keyFile);

const once = (host) =>
  new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.on('error', reject).on('ready', () => {
      client.exec('/bin/sh', (error, channel) => {
        if (error) return reject(error);
        let bytes = 0;
        channel.on('data', (chunk) => (bytes += chunk.length));
        channel.stderr.resume();
        channel.on('close', () => {
          client.end();
          resolve(bytes);
        });
        channel.end(script);
      });
    });
    const algorithms = { kex: ['curve25519-sha256'], serverHostKey: ['ssh-ed25519'] };
    client.connect({ host, username: 'root', privateKey, algorithms, hostVerifier: () => true });
  });

const sizes = await Promise.all(addresses.map(once));
if (sizes.some((size) => size === 0)) throw new Error('a host has answered nothing');
