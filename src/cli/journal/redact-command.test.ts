import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../util/secrets.ts';
import { hideSecrets, isSecretName } from '../secret-names.ts';
import { redactCommand } from './redact-command.ts';

describe('a command line that is written down', () => {
  it.each([
    [
      ['play', 'site.yml', '-i', 'prod'],
      ['play', 'site.yml', '-i', 'prod'],
    ],
    [
      ['-e', 'mtu=9000 db_password=hunter2'],
      ['-e', 'mtu=9000 db_password=********'],
    ],
    [
      ['-e', "db_password='two words' x=1"],
      ['-e', 'db_password=******** x=1'],
    ],
    [
      ['-e', '{"api_token": "a\\"b", "mtu": 1}'],
      ['-e', '{"api_token": "********", "mtu": 1}'],
    ],
    [
      ['-e', '{psk: abc, mtu: 1}'],
      ['-e', '{psk: "********", mtu: 1}'],
    ],
    [
      ['--password', 'x', '--name', 'y'],
      ['--password', '********', '--name', 'y'],
    ],
    [['--auth-password=x'], ['--auth-password=********']],
    [
      ['--vault-password-file', 'pw', '-K'],
      ['--vault-password-file', 'pw', '-K'],
    ],
    [
      ['--ask-become-password', 'all'],
      ['--ask-become-password', 'all'],
    ],
    [
      ['-e', '@secrets.yml'],
      ['-e', '@secrets.yml'],
    ],
    [
      ['shell', 'all', 'mysql --user root --password hunter2 -e x; PGPASSWORD=x psql'],
      ['shell', 'all', 'mysql --user root --password ******** -e x; PGPASSWORD=******** psql'],
    ],
    [["curl -H 'Authorization: Bearer abc.DEF-123=='"], ["curl -H 'Authorization: Bearer ********'"]],
    [['curl https://ann:s3cret@host/x https://host:8443/'], ['curl https://ann:********@host/x https://host:8443/']],
    [["mysql -p'{{ db_password }}'"], ["mysql -p'{{ db_password }}'"]],
    // What is promised of it is that nothing is.
    [['mysql -phunter2'], ['mysql -phunter2']],
  ])('%j', (given, shown) => expect(redactCommand(given)).toEqual(shown));
});

describe('names of secrets', () => {
  it.each([
    'password',
    'db_password',
    'ansible_become_pass',
    'passphrase',
    'SECRET',
    'auth-token',
    'wifi_psk',
    'api_key',
    'private_key',
  ])('%s', (name) => expect(isSecretName(name)).toBe(true));
  it.each([
    'passive',
    'compassion',
    'key',
    'vault_password_file',
    'private_key_file',
    'tokenize_path',
    'spinning',
    'mtu',
  ])('not %s', (name) => expect(isSecretName(name)).toBe(false));

  it('hide what the variables hold, also deep inside', () => {
    const redactor = createRedactor();
    hideSecrets(
      { redactor },
      { mtu: 'not a secret', users: [{ password: 'hunter22' }], secrets: { any: ['swordfish'] } },
    );
    expect(redactor.redact('not a secret: hunter22, swordfish')).toBe('not a secret: ********, ********');
    expect(redactor.found('swordfish swordfish')).toEqual(['swordfish']);
    expect(redactor.found('nothing')).toEqual([]);
  });
});
