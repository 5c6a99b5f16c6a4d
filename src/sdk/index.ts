/** The module contract: all that a module may import, beside zod. */
export { absent, type Change, type StateObject, type StateValue, type Want } from './state.ts';
export { sh, type Script } from './script.ts';
export { noProbe, probe, probeScript, type Probe, type ProbeCommand, type ProbeOutput, type Seen } from './probe.ts';
export { exec, poke, remove, snippet, waitFor, write, type Content, type Step } from './step.ts';
export { defineModule, type Boot, type ControllerFiles, type Pending, type TextDiff, type Touches } from './module.ts';
export {
  defineAction,
  type ActionHost,
  type ActionResult,
  type BoundExpression,
  type CommandOptions,
  type CommandResult,
  type MetaCommand,
  type StandingReason,
} from './action.ts';
export { missing, refuse } from './errors.ts';
export { type AnyModule, type AnyResource } from './any-module.ts';
export { bool } from './schemas/bool.ts';
export { canonical } from './schemas/canonical.ts';
export { int } from './schemas/int.ts';
export { seconds } from './schemas/seconds.ts';
export { words } from './schemas/words.ts';
export { launchParams } from './command/params.ts';
export { runProgram } from './command/run-program.ts';
export { splitProblem, splitWords } from './command/split-words.ts';
export { fileProbe, sha256Of, type FileKind, type FileQuery, type FileSeen, type FileStatus } from './files/status.ts';
export { fileMode, resolveMode } from './files/mode.ts';
export { baseName, hostPath, plainPath } from './files/host-path.ts';
export { ownerName } from './files/owner-name.ts';
export { checkCommand } from './files/check-command.ts';
export {
  checkAccess,
  folderOf,
  linkScript,
  makeFolder,
  needFolder,
  ownerAndModeSteps,
  unmakeFolder,
  wantOwnerAndMode,
  wholeFile,
  wholeFileSteps,
  type WholeFile,
} from './files/whole-file.ts';
export { fileContent, textContent, type SourceContent } from './files/source-content.ts';
export { attributeParams, timestamp, writeParams } from './files/place-params.ts';
export { placedProbe, placedReturns, placedState, placedSteps, placedTexts, wantPlaced } from './files/placed-file.ts';
export { treeProbe } from './files/tree-status.ts';
export { expression } from './schemas/expression.ts';
export { sleep } from './sleep.ts';
export * from './libvirt.ts';
export * from './network.ts';
export * from './open-vswitch.ts';
export { insertLines, type LineText, type TextLine } from './files/line-text.ts';
export { editedProbe, editedReturns, editedState, editedSteps, editedTexts, wantEdited } from './files/edited-file.ts';
export { parsePattern, pattern } from './files/pattern.ts';
export { reconnect } from './reconnect.ts';
export { controllerPath, controllerSha256, pathBelow, refuseLinks, storeDownload } from './files/controller-store.ts';
