/** What the modules of libvirt share: its XML as it is, virsh, and schemas of what several of them have. */
export {
  formatXml,
  parseXml,
  withXmlAttributes,
  withXmlChildren,
  xmlChild,
  xmlChildren,
  xmlElement,
  xmlText,
  xmlValue,
  type XmlElement,
  type XmlNode,
} from './parsers/libvirt-xml.ts';
export { bandwidthOf, bandwidthText, bandwidthXml, virtBandwidth } from './libvirt/bandwidth.ts';
export { pciOf, pciXml } from './libvirt/pci.ts';
export { virshAnswers, virshInfo, virshStep, virtName } from './libvirt/virsh.ts';
export { virtVlan, vlanOf, vlanXml } from './libvirt/vlan.ts';
