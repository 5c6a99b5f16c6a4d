/** Reads lines `key=value` (`systemctl show`, os-release without its quotes); the value may hold `=`. Other lines are left out. */
export const parseKeyValue = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const at = line.indexOf('=');
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
