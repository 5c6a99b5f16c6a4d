export { parseYaml, isPlainYesNo, type YamlFile } from './yaml.ts';
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
  type ScalarTag,
  type SequenceNode,
  type YamlNode,
} from './node.ts';
export { originAt, type TextOrigin } from './source-text.ts';
export { coerceBoolean } from './scalar-type.ts';
export { compileTemplate, isTemplate, type Template } from './template.ts';
export { templateHelpers, type TemplateHelper } from './template-helpers.ts';
export { checkCondition, compileExpr, evaluateCondition, type Expr } from './expression.ts';
export { expressionFunctions } from './cel-environment.ts';
export type { ExpressionFunction } from './cel-functions.ts';
export { compileValue, isDynamic, type Bindable, type CompileOptions } from './bind.ts';
export { describeValue, LazyRecord, materialize, plainVars, type VarSource } from './lazy.ts';
export { getterLayer, LAYER_KINDS, sourceLayer, valueLayer, type Layer, type LayerKind } from './layer.ts';
export { createScope } from './vars.ts';
export { createVault, encryptText, isVaultText, type Vault, type VaultSecret } from './vault.ts';
export { openText, unlockScalars } from './unlock.ts';
