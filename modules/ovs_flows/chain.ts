import type { OvsBridge } from '../../src/sdk/index.ts';
import type { FlowText } from './flow-text.ts';

/** What a chain of flows may lack although each of them is right. */
export function chainWarnings(bridge: OvsBridge, flows: readonly FlowText[]): readonly string[] {
  const warnings: string[] = [];
  const mode = bridge.config['fail_mode'];
  if (mode !== 'secure' && bridge.controllers.length === 0) {
    warnings.push(
      `${bridge.name} forwards what no flow matches like a switch, past the chain: ovs_bridge: { name: ${bridge.name}, fail_mode: secure }`,
    );
  }
  const interfaces = bridge.ports.flatMap((port) => port.interfaces);
  const named = (port: string): string =>
    interfaces.find(({ name, ofport }) => name === port || String(ofport) === port)?.name ?? port;
  const own = new Set(interfaces.map(({ name }) => name));
  // Where a flow takes any port, or others forward too, nothing can be said.
  const inPorts = flows.flatMap(({ inPort }) => (inPort === null ? [] : [inPort]));
  if (flows.length > 0 && inPorts.length === flows.length) {
    const taken = new Set(inPorts.map(named));
    const dead = [...new Set(flows.flatMap(({ outPorts }) => outPorts).map(named))].filter(
      (port) => own.has(port) && !taken.has(port),
    );
    if (dead.length > 0) {
      warnings.push(`no flow takes what comes in from ${dead.join(', ')}: the way back is missing`);
    }
  }
  const numbers = new Set(
    [...inPorts, ...flows.flatMap(({ outPorts }) => outPorts)].filter((port) => /^\d+$/.test(port)),
  );
  const loose = interfaces.filter(
    ({ ofport, config }) => numbers.has(String(ofport)) && config['ofport_request'] !== ofport,
  );
  if (loose.length > 0) {
    const list = loose.map(({ name, ofport }) => `${String(ofport)} (${name})`).join(', ');
    warnings.push(`the port numbers ${list} may be others after a restart: use the names, or ofport_request`);
  }
  return warnings;
}
