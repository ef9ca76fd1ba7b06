import type { Permission, RequestContext } from '../../contract.ts';
import type { AccountView } from '../account.ts';

/** Permissions of one operation, the operation's own first. `input` is valid by the service's model. */
// biome-ignore lint/suspicious/noExplicitAny: any operation's input
export type NeedsOf = (input: any, account: AccountView) => readonly Permission[];

export const NO_CONTEXT: RequestContext = {};

export function need(action: string, resource: string, context: RequestContext = NO_CONTEXT): Permission {
  return { action, resource, context };
}

export function implied(
  by: string,
  action: string,
  resource: string,
  context: RequestContext = NO_CONTEXT,
): Permission {
  return { action, resource, context, impliedBy: by };
}

export function arnIn({ region, accountId }: AccountView, service: string, resource: string): string {
  return `arn:aws:${service}:${region}:${accountId}:${resource}`;
}

export function resourceTags(tags: Readonly<Record<string, string>>): RequestContext {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
}

/** Tags that a request brings. Without any, neither key is in the request. */
export function requestTags(tags: Readonly<Record<string, string>>): RequestContext {
  const keys = Object.keys(tags);
  if (keys.length === 0) return NO_CONTEXT;
  return {
    'aws:TagKeys': keys,
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  };
}

export function tagKeys(keys: readonly string[]): RequestContext {
  return keys.length === 0 ? NO_CONTEXT : { 'aws:TagKeys': keys };
}

export function readTagList(tags: readonly { Key: string; Value: string }[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key, Value]));
}
