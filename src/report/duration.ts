/** `0.4 s`, `12.3 s`, `2 min 05 s`, `1 h 02 min`: as precise as is worth reading. */
export function durationText(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  return hours > 0 ? `${hours} h ${two(minutes)} min` : `${minutes} min ${two(rest)} s`;
}

/** Whole seconds in as few characters as possible, for narrow columns: `7s`, `2m05s`, `1h02m`. */
export function shortDuration(ms: number): string {
  const whole = Math.floor(ms / 1000);
  if (whole < 60) return `${whole}s`;
  const two = (n: number): string => String(n).padStart(2, '0');
  return whole < 3600
    ? `${Math.floor(whole / 60)}m${two(whole % 60)}s`
    : `${Math.floor(whole / 3600)}h${two(Math.floor(whole / 60) % 60)}m`;
}
