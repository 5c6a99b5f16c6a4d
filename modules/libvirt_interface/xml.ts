import { isDeepStrictEqual } from 'node:util';
import {
  bandwidthXml,
  pciXml,
  vlanXml,
  withXmlAttributes,
  withXmlChildren,
  xmlChild,
  xmlElement,
  type XmlElement,
} from '../../src/sdk/index.ts';
import { readInterface, type Interface } from './read.ts';

/** The XML with what differs set as `to` says; everything else in it stays, what kvmnet does not know as well. */
export function interfaceXml(base: XmlElement, to: Partial<Interface>): XmlElement {
  const was = readInterface(base);
  const goal: Interface = { ...was, ...to };
  const differs = (...keys: readonly (keyof Interface)[]): boolean =>
    keys.some((key) => !isDeepStrictEqual(was[key], goal[key]));
  let xml = withXmlAttributes(base, {
    type: goal.type,
    managed: goal.type === 'hostdev' ? (goal.managed === false ? 'no' : 'yes') : null,
  });
  const replace = (name: string, child: XmlElement | undefined): void => {
    xml = withXmlChildren(xml, name, [child]);
  };
  const edit = (name: string, changes: Readonly<Record<string, string | number | null>>): void => {
    const edited = withXmlAttributes(xmlChild(xml, name) ?? xmlElement(name), changes);
    const isEmpty = Object.keys(edited.attributes).length + edited.children.length === 0;
    replace(name, isEmpty ? undefined : edited);
  };
  if (differs('mac') && goal.mac !== null) edit('mac', { address: goal.mac });
  if (differs('type', 'source', 'mode', 'portgroup')) replace('source', sourceXml(goal));
  if (differs('virtualport')) {
    replace(
      'virtualport',
      goal.virtualport === null ? undefined : xmlElement('virtualport', { type: goal.virtualport }),
    );
  }
  if (differs('model')) {
    edit('model', { type: goal.model });
    // Another card does not fit the slot of the old one in all cases: libvirt finds a new one.
    replace('address', undefined);
  }
  if (differs('driver', 'queues')) edit('driver', { name: goal.driver, queues: goal.queues > 1 ? goal.queues : null });
  if (differs('inbound', 'outbound')) replace('bandwidth', bandwidthXml(goal.inbound, goal.outbound));
  if (differs('mtu')) edit('mtu', { size: goal.mtu });
  if (differs('vlan')) replace('vlan', vlanXml(goal.vlan));
  if (differs('target')) edit('target', { dev: goal.target });
  if (differs('link')) edit('link', { state: goal.link === 'up' ? null : 'down' });
  return xml;
}

function sourceXml({ type, source, mode, portgroup }: Interface): XmlElement | undefined {
  if (source === null) return undefined;
  if (type === 'network') return xmlElement('source', { network: source, portgroup });
  if (type === 'direct') return xmlElement('source', { dev: source, mode });
  if (type === 'vhostuser') return xmlElement('source', { type: 'unix', path: source, mode });
  if (type === 'hostdev') return xmlElement('source', {}, [pciXml(source)]);
  return xmlElement('source', { bridge: source });
}

export const emptyInterface = (alias: string | undefined): XmlElement =>
  xmlElement('interface', {}, [alias === undefined ? undefined : xmlElement('alias', { name: alias })]);
