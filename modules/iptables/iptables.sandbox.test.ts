import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { iptables } from './index.ts';
import { restoreText, ruleWords } from './rule.ts';
import { itWhere } from '../../src/sdk/testing/it-where.ts';

const choose = (backend: string): string =>
  ['iptables', 'ip6tables']
    .map((tool) => `update-alternatives --set ${tool} /usr/sbin/${tool}-${backend} >/dev/null`)
    .join(';');
const flush = `for t in iptables ip6tables; do for b in filter nat mangle; do $t -t $b -F; $t -t $b -X; done; $t -P FORWARD ACCEPT; done`;

const forward = {
  chain: 'FORWARD',
  rules: [
    '-i eth0 -o eth1 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
    { in_interface: 'eth1', out_interface: 'eth0', jump: 'ACCEPT' },
    '-j DROP',
  ],
};

describe.each([
  ['nft', 'sh'],
  ['legacy', 'bash'],
  ['nft', 'busybox sh'],
])('iptables-%s under %s', (backend, shell) => {
  // The other shells prove the snippets, not all of the module once more.
  const all = shell !== 'busybox sh';
  let host: Sandbox;
  beforeAll(async () => {
    host = await createSandbox({ shell: shell.split(' '), setup: choose(backend) });
  });
  afterAll(() => host.close());
  beforeEach(() => host.look(flush));
  const rules = (table = 'filter', tool = 'iptables'): string => host.look(`${tool}-save -t ${table} | grep -v '^#'`);

  it('puts rules into a chain of its own, finds nothing to do, and takes them out', () => {
    host.look('iptables -A FORWARD -i virbr0 -j ACCEPT');
    const before = rules();
    const done = apply(iptables, forward, host);
    expect(done.left).toEqual([]);
    expect(rules()).toContain(
      [
        '-A FORWARD -i virbr0 -j ACCEPT',
        '-A FORWARD -j KVMNET-FORWARD',
        '-A KVMNET-FORWARD -i eth0 -o eth1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        '-A KVMNET-FORWARD -i eth1 -o eth0 -j ACCEPT',
        '-A KVMNET-FORWARD -j DROP',
      ].join('\n'),
    );
    const again = apply(iptables, forward, host);
    expect([again.changes, again.steps]).toEqual([[], []]);
    done.undo();
    expect(rules()).toBe(before);
  });

  it('[obs] finds its rules again whatever way they were written', () => {
    const odd = {
      chain: 'INPUT',
      rules: [
        '-s 192.168.1.5/24 -p 6 --dport http -j ACCEPT',
        '-s 10.0.0.1 ! -i lo -d 10.0.0.0/8 -j ACCEPT',
        '-m limit --limit 60/minute -j REJECT',
        '-m conntrack --ctstate RELATED,ESTABLISHED,NEW -j ACCEPT',
        '-m state --state RELATED,ESTABLISHED -j ACCEPT',
        '-s 10.0.0.1,10.0.0.2 -j ACCEPT',
      ],
    };
    expect(apply(iptables, odd, host).left).toEqual([]);
    expect(read(iptables, odd, host).changes).toEqual([]);
    expect(rules()).toContain('-A KVMNET-INPUT -s 10.0.0.2/32 -j ACCEPT');
    expect(rules()).toContain('-A KVMNET-INPUT -s 192.168.1.0/24 -p tcp -m tcp --dport 80 -j ACCEPT');
  });

  it('[obs] counts of packets are no difference', () => {
    host.look('iptables -P FORWARD DROP');
    const params = { chain: 'INPUT', rules: ['-i lo -j ACCEPT'], policy: 'ACCEPT' };
    apply(iptables, params, host);
    host.look('ping -q -c 1 127.0.0.1');
    expect(host.look('iptables-save -c -t filter')).toMatch(/\[[1-9]\d*:\d+\] -A KVMNET-INPUT -i lo -j ACCEPT/);
    expect(read(iptables, params, host).changes).toEqual([]);
  });

  itWhere(all)('[obs] state and conntrack are two matches, though they match the same', () => {
    const params = (rule: string) => ({ chain: 'INPUT', rules: [`${rule} ESTABLISHED -j ACCEPT`] });
    const [old, today] = [params('-m state --state'), params('-m conntrack --ctstate')];
    apply(iptables, old, host);
    expect(host.run('iptables -C KVMNET-INPUT -m state --state ESTABLISHED -j ACCEPT').code).toBe(0);
    expect(host.run('iptables -C KVMNET-INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT').code).toBe(1);
    expect(read(iptables, old, host).changes).toEqual([]);
    expect(apply(iptables, today, host).left).toEqual([]);
    expect(read(iptables, old, host).changes.map(({ path }) => path)).toEqual(['ipv4.rules']);
  });

  itWhere(all)('[obs] puts new rules into its own chain, and those of others stay, with what they counted', () => {
    host.look(
      'iptables -N DOCKER; iptables -A DOCKER -i lo -j ACCEPT; iptables -A INPUT -j DOCKER; ping -q -c 1 127.0.0.1',
    );
    const others = (): string => host.look('iptables-save -c -t filter | grep DOCKER');
    const before = others();
    expect(before).toMatch(/\[[1-9]\d*:\d+\] -A DOCKER -i lo/);
    const first = { chain: 'INPUT', rules: ['-p tcp --dport 1 -j ACCEPT', '-p tcp --dport 2 -j ACCEPT'] };
    apply(iptables, first, host);
    expect(apply(iptables, { chain: 'INPUT', rules: ['-p udp -j DROP'] }, host).left).toEqual([]);
    expect(rules()).toContain('-A KVMNET-INPUT -p udp -j DROP');
    expect(rules()).not.toContain('--dport');
    expect(others()).toBe(before);
  });

  it('keeps any text of a comment as it is', () => {
    const comment = 'it\'s "quoted" $(reboot) `x` \\ größer; -A';
    const params = { chain: 'INPUT', rules: [{ jump: 'ACCEPT', comment }] };
    expect(apply(iptables, params, host).left).toEqual([]);
    expect(apply(iptables, params, host).steps).toEqual([]);
    expect(host.look('iptables -S KVMNET-INPUT').replaceAll(/\\(.)/g, '$1')).toContain(comment);
  });

  it('sees and repairs what others changed: a rule, the order, the jump, twice', () => {
    const done = apply(iptables, forward, host);
    host.look(
      'iptables -D KVMNET-FORWARD 2; iptables -A FORWARD -j KVMNET-FORWARD; iptables -A FORWARD -p tcp -j ACCEPT',
    );
    const repair = apply(iptables, forward, host);
    expect(repair.changes.map((change) => change.path)).toEqual(['ipv4.rules', 'ipv4.jump']);
    expect(repair.changes[1]).toMatchObject({
      from: ['-I FORWARD 1 -j KVMNET-FORWARD', '-I FORWARD 1 -j KVMNET-FORWARD'],
      to: ['-I FORWARD 2 -j KVMNET-FORWARD'],
    });
    expect(repair.left).toEqual([]);
    repair.undo();
    expect(rules()).toContain(
      '-A FORWARD -j KVMNET-FORWARD\n-A FORWARD -j KVMNET-FORWARD\n-A FORWARD -p tcp -j ACCEPT',
    );
    done.undo();
    expect(rules()).not.toContain('KVMNET');
  });

  itWhere(all)('sets the policy with the rules in one transaction, on both families, and takes it back', () => {
    const before = [rules(), rules('filter', 'ip6tables')];
    const params = { ...forward, family: 'both', policy: 'DROP', position: 'first' };
    const done = apply(iptables, params, host);
    expect(done.left).toEqual([]);
    expect(done.steps).toHaveLength(2);
    for (const tool of ['iptables', 'ip6tables'])
      expect(rules('filter', tool)).toMatch(/:FORWARD DROP.*[^]*-A FORWARD -j KVMNET/);
    done.undo();
    expect([rules(), rules('filter', 'ip6tables')]).toEqual(before);
  });

  itWhere(all)('has several sets for one chain, at both ends, and chains that rules jump to', () => {
    const one = {
      chain: 'FORWARD',
      name: 'a',
      position: 'first',
      rules: ['-j TENANT'],
      chains_owned: { TENANT: ['-s 10.1.0.0/16 -j ACCEPT'] },
    };
    const two = { chain: 'FORWARD', name: 'b', position: 'first', rules: ['-p icmp -j ACCEPT'] };
    host.look('iptables -A FORWARD -p udp -j ACCEPT');
    const done = apply(iptables, one, host);
    expect(done.left).toEqual([]);
    expect(apply(iptables, two, host).left).toEqual([]);
    expect(read(iptables, one, host).changes).toEqual([]);
    expect(read(iptables, two, host).changes).toEqual([]);
    expect(apply(iptables, { ...one, chains_owned: { TENANT: ['-j DROP'] } }, host).changes).toEqual([
      { path: 'ipv4.chains.TENANT', from: ['-s 10.1.0.0/16 -j ACCEPT'], to: ['-j DROP'] },
    ]);
    done.undo();
    expect(rules()).not.toMatch(/TENANT|KVMNET-FORWARD-a/);
    expect(apply(iptables, { ...two, state: 'absent' }, host).left).toEqual([]);
    expect(rules()).toContain('-A FORWARD -p udp -j ACCEPT');
    expect(rules()).not.toContain('KVMNET');
  });

  itWhere(all)('hooks into a chain of others, and says when there is none', () => {
    const params = { chain: 'DOCKER-USER', rules: ['-j RETURN'] };
    expect(() => read(iptables, params, host)).toThrow('the chain DOCKER-USER of the table filter does not exist');
    host.look('iptables -N DOCKER-USER');
    expect(apply(iptables, params, host).left).toEqual([]);
    expect(rules()).toContain('-A DOCKER-USER -j KVMNET-DOCKER-USER');
  });

  itWhere(all).each([
    ['-p tcp --dport 99999 -j ACCEPT', /iptables does not take the rules: invalid port\/service `99999' specified/],
    ['-j NOPE', /iptables does not take the rules: .*NOPE/],
    ['-p tcp --no-such-option 1 -j ACCEPT', /iptables does not take the rules: unknown option "--no-such-option"/],
  ])('[obs] refuses %s with what iptables says', (rule, message) => {
    expect(() => read(iptables, { chain: 'INPUT', rules: [rule] }, host)).toThrow(message);
    expect(rules()).not.toContain('KVMNET');
  });

  itWhere(all)('[obs] works on one table at a time, as a restore of several is not atomic', () => {
    const done = apply(
      iptables,
      { table: 'nat', chain: 'POSTROUTING', rules: ['-s 192.168.1.0/24 -j MASQUERADE'] },
      host,
    );
    expect(done.left).toEqual([]);
    expect(rules('nat')).toContain('-A KVMNET-POSTROUTING -s 192.168.1.0/24 -j MASQUERADE');
    const several = `printf '%s\\n' '*filter' ':K - [0:0]' COMMIT '*nat' ':K - [0:0]' '-A K -j NOPE' COMMIT | iptables-restore --noflush`;
    expect(host.run(several).code).not.toBe(0);
    expect(rules()).toContain(':K -');
  });

  itWhere(all)('prints rules as they were recorded, which is what the code is compared with', () => {
    const file = new URL('cases/printed.json', import.meta.url);
    const recorded = JSON.parse(readFileSync(file, 'utf8')) as readonly [4 | 6, string, string, string[]][];
    for (const [family, table, rule, lines] of recorded) {
      const rules = `:K - [0:0]\n:K2 - [0:0]\n-A K ${restoreText(ruleWords(rule, family))}`;
      const text = `*${table}\n${rules}\nCOMMIT\n`.replaceAll("'", `'\\''`);
      const tool = family === 4 ? 'iptables' : 'ip6tables';
      const printed = host
        .look(`printf %s '${text}' | unshare -n sh -c '${tool}-restore && ${tool}-save -t ${table}'`)
        .split('\n')
        .flatMap((line) => (line === '-A K' || line.startsWith('-A K ') ? [line.slice(5)] : []));
      expect([family, table, rule, printed]).toEqual([family, table, rule, lines]);
    }
  });

  it('does without a namespace where there is none to be had', () => {
    host.look(
      'mv /usr/bin/unshare /usr/bin/unshare.away; printf "#!/bin/sh\\nexit 1\\n" >/usr/bin/unshare; chmod 755 /usr/bin/unshare',
    );
    try {
      const params = { chain: 'INPUT', rules: ['-s 192.168.1.5/24 -p 6 --dport http -j ACCEPT', '-j REJECT'] };
      expect(apply(iptables, params, host).left).toEqual([]);
      expect(apply(iptables, params, host).steps).toEqual([]);
      const bad = { chain: 'INPUT', rules: ['-p tcp --dport 99999 -j ACCEPT'] };
      expect(() => read(iptables, bad, host)).toThrow("invalid port/service `99999' specified");
    } finally {
      host.look('mv /usr/bin/unshare.away /usr/bin/unshare');
    }
  });
});

describe('who else is there', () => {
  it('says that iptables is missing, and refuses to work against ufw', async () => {
    const host = await createSandbox({ setup: 'mkdir -p /etc/ufw; echo ENABLED=yes >/etc/ufw/ufw.conf' });
    try {
      expect(() => read(iptables, forward, host)).toThrow(
        'ufw keeps the firewall of this host and would undo our rules',
      );
      host.look('rm -f /usr/sbin/iptables* /sbin/iptables*');
      expect(() => read(iptables, forward, host)).toThrow('iptables is not installed');
    } finally {
      host.close();
    }
  });
});
