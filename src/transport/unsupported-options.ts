interface Unsupported {
  readonly name: string;
  /** Whether the value means what happens anyway. */
  harmless(words: readonly string[]): boolean;
}

const never = (): boolean => false;
const unlessYes = ([word = '']: readonly string[]): boolean => !/^(yes|always|true)$/i.test(word);
const unlessNo = ([word = '']: readonly string[]): boolean => !/^(no|false)$/i.test(word);

/** Options of ssh_config(5) that change how a host is reached or trusted, and that we do not follow: the user is told. */
export const UNSUPPORTED: ReadonlyMap<string, Unsupported> = new Map([
  ['canonicalizehostname', { name: 'CanonicalizeHostname', harmless: unlessYes }],
  ['certificatefile', { name: 'CertificateFile', harmless: never }],
  ['pkcs11provider', { name: 'PKCS11Provider', harmless: ([word]: readonly string[]) => word === 'none' }],
  ['knownhostscommand', { name: 'KnownHostsCommand', harmless: ([word]: readonly string[]) => word === 'none' }],
  ['revokedhostkeys', { name: 'RevokedHostKeys', harmless: ([word]: readonly string[]) => word === 'none' }],
  ['verifyhostkeydns', { name: 'VerifyHostKeyDNS', harmless: unlessYes }],
  ['proxyusefdpass', { name: 'ProxyUseFdpass', harmless: unlessYes }],
  ['bindinterface', { name: 'BindInterface', harmless: never }],
  ['passwordauthentication', { name: 'PasswordAuthentication no', harmless: unlessNo }],
  ['pubkeyauthentication', { name: 'PubkeyAuthentication no', harmless: unlessNo }],
  ['preferredauthentications', { name: 'PreferredAuthentications', harmless: never }],
]);
