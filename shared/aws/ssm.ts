import { GetParametersByPathCommand, type Parameter, type SSMClient } from '@aws-sdk/client-ssm';
import type { DocumentSource, RawDocument } from '../ports/documents-source.ts';
import { outcomeOf } from './classify.ts';

const PAGE_SIZE = 10;
/** Far above what a fleet needs; ends a paging loop that AWS would never end. */
const PAGES_LIMIT = 1_000;

/** Documents are parameters `/<TagPrefix>/schedules/<name>` and `/<TagPrefix>/policies/<name>`. */
export function createDocumentSource(client: SSMClient, tagPrefix: string): DocumentSource {
  const root = `/${tagPrefix}/`;
  const pattern = new RegExp(`^${root}(schedules|policies)/(.+)$`);

  async function readPages(): Promise<readonly RawDocument[]> {
    const documents: RawDocument[] = [];
    let token: string | undefined;
    for (let page = 0; page < PAGES_LIMIT; page += 1) {
      const answer = await client.send(
        new GetParametersByPathCommand({ Path: root, Recursive: true, MaxResults: PAGE_SIZE, NextToken: token }),
      );
      documents.push(...(answer.Parameters ?? []).flatMap(documentOf));
      token = answer.NextToken;
      if (token === undefined || token === '') return documents;
    }
    throw new Error(`more than ${PAGES_LIMIT} pages of parameters below ${root}`);
  }

  /** Other parameters below the path (the stack's marker) are not documents. */
  function documentOf({ Name, Value, Version }: Parameter): readonly RawDocument[] {
    const [, kind, name] = pattern.exec(Name ?? '') ?? [];
    if (Name === undefined || name === undefined || (kind !== 'schedules' && kind !== 'policies')) return [];
    return [{ kind, name, parameter: Name, version: Version ?? 0, text: Value ?? '' }];
  }

  return { readAll: () => outcomeOf('SSM.GetParametersByPath', readPages) };
}
