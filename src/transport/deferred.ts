/** A promise with its two handles. A rejection that nobody waits for is not an unhandled one. */
export function deferred<T>(): [Promise<T>, (value: T) => void, (error: Error) => void] {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  promise.catch(() => {});
  return [promise, resolve, reject];
}
