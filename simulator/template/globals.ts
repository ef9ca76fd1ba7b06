import { isJsonObject, type Json, type JsonObject } from './read.ts';

/** SAM's merge of Globals: mappings merge, lists add up (global first), anything else is replaced by the function's own. */
function merge(general: Json | undefined, own: Json | undefined): Json {
  if (general === undefined) return own ?? null;
  if (own === undefined) return general;
  if (Array.isArray(general) && Array.isArray(own)) return [...general, ...own];
  if (isIntrinsic(general) || isIntrinsic(own) || !isJsonObject(general) || !isJsonObject(own)) return own;
  const merged: Record<string, Json> = { ...general };
  for (const [name, value] of Object.entries(own)) merged[name] = merge(general[name], value);
  return merged;
}

function isIntrinsic(value: Json): boolean {
  if (!isJsonObject(value)) return false;
  const names = Object.keys(value);
  return names.length === 1 && (names[0] === 'Ref' || names[0]!.startsWith('Fn::'));
}

export function withGlobals(template: JsonObject, section: string, properties: JsonObject): JsonObject {
  const globals = isJsonObject(template['Globals']) ? template['Globals'][section] : undefined;
  return merge(globals, properties) as JsonObject;
}
