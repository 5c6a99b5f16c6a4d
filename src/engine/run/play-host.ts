import type { Host } from '../../inventory/model.ts';
import type { HostSession } from '../host/session.ts';

/** A host during one play. */
export interface PlayHost {
  readonly host: Host;
  readonly session: HostSession;
  /** `ended`: left the play without fault (`meta: end_host`). */
  status: 'active' | 'failed' | 'unreachable' | 'ended';
  /** Names that changed tasks have notified and that have not run yet. */
  readonly notified: Set<string>;
  /** In check mode: something would have changed, so that what comes later may not be decidable. */
  unsettled: boolean;
}

export const isActive = (host: PlayHost): boolean => host.status === 'active';
