export { parseYaml, isPlainYesNo } from './yaml.ts';
export {
  locateIn,
  mappingNode,
  nodeAt,
  nodeOf,
  Tagged,
  toValue,
  type MappingEntry,
  type MappingNode,
  type Path,
  type ScalarNode,
  type SequenceNode,
  type YamlNode,
} from './node.ts';
export { originAt, type TextOrigin } from './source-text.ts';
export { coerceBoolean } from './scalar-type.ts';
export { compileTemplate, compileTemplateFile, isTemplate, type Template } from './template.ts';
export { checkCondition, compileExpr, evaluateCondition, type Expr } from './expression.ts';
export { compileValue, isDynamic, type Bindable } from './bind.ts';
export { describeValue, LazyRecord, materialize, plainVars, type VarSource } from './lazy.ts';
export { getterLayer, sourceLayer, valueLayer, type Layer, type LayerKind } from './layer.ts';
export { createScope } from './vars.ts';
export { createVault, encryptText, isVaultText, type Vault, type VaultSecret } from './vault.ts';
export { openFile, openText, unlockScalars } from './unlock.ts';
