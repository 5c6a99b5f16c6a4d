/** Ports that OpenFlow itself has. */
const reserved: ReadonlySet<string> = new Set(
  'in_port table normal flood all controller local none any unset'.split(' '),
);

/** Actions that are a word alone: ovs-actions(7). */
const bare: ReadonlySet<string> = new Set(
  'drop strip_vlan pop_vlan dec_ttl dec_mpls_ttl dec_nsh_ttl pop_queue exit ct ct_clear clear_actions decap sample'.split(
    ' ',
  ),
);

/** Whether a word stands for a port by its name: no number, none of OpenFlow's own. */
export const isPortWord = (word: string): boolean =>
  !/^(?:\d+|0x[\da-f]+)$/i.test(word) && !reserved.has(word.toLowerCase()) && !/^(?:NXM_|OXM_|reg\d)/i.test(word);

export const isBareAction = (word: string): boolean =>
  reserved.has(word.toLowerCase()) || bare.has(word.toLowerCase()) || /^(?:\d+|0x[\da-f]+)$/i.test(word);
