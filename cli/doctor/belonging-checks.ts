import { inParallel } from '../account/fleet.ts';
import { type Answer, ask, unanswered } from './ask.ts';
import {
  type Evaluation,
  judgeKey,
  judgeRights,
  judgeTrust,
  parseImage,
  parseS3,
  roleNameOf,
  type Verdict,
} from './belongings.ts';
import { type Finding, notChecked, orOk, type Patient } from './finding.ts';
import { dataOf, imagesOf, isAway, keysOf, type MadeOf, rolesOf } from './made-of.ts';

const AT_ONCE = 4;

/** A thing that endpoints share, with their names. */
interface Belonging {
  readonly name: string;
  readonly users: readonly MadeOf[];
}

type Look = (patient: Patient, belonging: Belonging) => Promise<readonly Finding[]>;

/** Roles, keys, model data and images: looked at once each, however many endpoints use them. */
export async function checkBelongings(patient: Patient, made: readonly MadeOf[]): Promise<readonly Finding[]> {
  const kinds: readonly (readonly [string, (one: MadeOf) => readonly string[], Look])[] = [
    ['execution role', rolesOf, lookAtRole],
    ['key', keysOf, lookAtKey],
    ['model data', dataOf, lookAtData],
    ['image', imagesOf, lookAtImage],
  ];
  const findings: Finding[] = [];
  for (const [check, namesOf, look] of kinds) {
    const belongings = group(made, namesOf);
    if (belongings.length === 0) continue;
    const found = (await inParallel(belongings, AT_ONCE, (belonging) => look(patient, belonging))).flat();
    const there = belongings.length === 1 ? `${belongings[0]?.name} is there` : `all ${belongings.length} are there`;
    findings.push(...orOk(mergeUnchecked(found), check, there));
  }
  return findings;
}

function group(made: readonly MadeOf[], namesOf: (one: MadeOf) => readonly string[]): readonly Belonging[] {
  const users = new Map<string, MadeOf[]>();
  for (const one of made) {
    for (const name of namesOf(one)) users.set(name, [...(users.get(name) ?? []), one]);
  }
  return [...users].map(([name, of]) => ({ name, users: of })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** One reason that nothing could be looked at is said once. */
function mergeUnchecked(findings: readonly Finding[]): readonly Finding[] {
  const merged = new Map<string, Finding>();
  for (const [index, finding] of findings.entries()) {
    const same = finding.level === 'not-checked' ? finding.found : String(index);
    const first = merged.get(same);
    merged.set(same, first === undefined ? finding : { ...finding, subject: `${first.subject}, ${finding.subject}` });
  }
  return [...merged.values()];
}

function tell(check: string, { name, users }: Belonging, { level, found, advice }: Verdict): Finding {
  const names = users.map(({ record }) => record.endpoint).join(', ');
  return { level, check, subject: name, found: `${found} (${names})`, advice };
}

function gone(check: string, belonging: Belonging, advice: string): Finding {
  const away = belonging.users.some(({ record }) => isAway(record));
  const found = away ? 'is gone: what is parked on it cannot be recreated' : 'is gone: it cannot be recreated';
  return tell(check, belonging, { level: 'error', found, advice });
}

/** The finding that an answer without a value amounts to. */
function missing(
  patient: Patient,
  check: string,
  belonging: Belonging,
  answer: Answer<unknown>,
  advice: string,
): readonly Finding[] {
  return answer.kind === 'gone' ? [gone(check, belonging, advice)] : unanswered(patient, check, belonging.name, answer);
}

const lookAtRole: Look = async (patient, belonging) => {
  const check = 'execution role';
  const { GetRoleCommand, IAMClient, SimulatePrincipalPolicyCommand } = await import('@aws-sdk/client-iam');
  const client = patient.account.runtime.clientOf(IAMClient);
  const answer = await ask('IAM.GetRole', () =>
    client.send(new GetRoleCommand({ RoleName: roleNameOf(belonging.name) })),
  );
  if (answer.kind !== 'found') {
    return missing(
      patient,
      check,
      belonging,
      answer,
      'create the role again under its name, or the models with another one',
    );
  }
  const trust = judgeTrust(answer.value.Role?.AssumeRolePolicyDocument);
  const findings = trust === undefined ? [] : [tell(check, belonging, trust)];
  for (const { actions, resources } of rightsNeeded(belonging)) {
    const rights = await ask('IAM.SimulatePrincipalPolicy', () =>
      client.send(
        new SimulatePrincipalPolicyCommand({
          PolicySourceArn: belonging.name,
          ActionNames: [...actions],
          ResourceArns: [...resources],
        }),
      ),
    );
    if (rights.kind !== 'found') {
      findings.push(...unanswered(patient, check, `policies of ${belonging.name}`, rights));
      break;
    }
    const verdict = judgeRights((rights.value.EvaluationResults ?? []).map(viewEvaluation));
    if (verdict !== undefined) findings.push(tell(check, belonging, verdict));
  }
  return findings;
};

function viewEvaluation(result: import('@aws-sdk/client-iam').EvaluationResult): Evaluation {
  const { EvalActionName = '', EvalResourceName = '*', EvalDecision = '' } = result;
  return { action: EvalActionName, resource: EvalResourceName, decision: EvalDecision };
}

/** What SageMaker does with the role when an endpoint starts: one question for each kind of resource. */
function rightsNeeded({ users }: Belonging): readonly { actions: readonly string[]; resources: readonly string[] }[] {
  const data = [...new Set(users.flatMap(dataOf))].flatMap((uri) => {
    const place = parseS3(uri);
    return place === undefined ? [] : [`arn:aws:s3:::${place.bucket}/${place.key}${place.prefix ? '*' : ''}`];
  });
  const repositories = [...new Set(users.flatMap(imagesOf))].flatMap((image) => {
    const parsed = parseImage(image);
    return parsed === undefined
      ? []
      : [`arn:aws:ecr:${parsed.region}:${parsed.account}:repository/${parsed.repository}`];
  });
  return [
    ...(data.length === 0 ? [] : [{ actions: ['s3:GetObject'], resources: data }]),
    ...(repositories.length === 0
      ? []
      : [{ actions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], resources: [...new Set(repositories)] }]),
  ];
}

const lookAtKey: Look = async (patient, belonging) => {
  const { DescribeKeyCommand, KMSClient } = await import('@aws-sdk/client-kms');
  const client = patient.account.runtime.clientOf(KMSClient);
  const answer = await ask('KMS.DescribeKey', () => client.send(new DescribeKeyCommand({ KeyId: belonging.name })));
  if (answer.kind !== 'found') {
    return missing(patient, 'key', belonging, answer, 'a config keeps its key for life: make another endpoint config');
  }
  const verdict = judgeKey(answer.value.KeyMetadata?.KeyState);
  return verdict === undefined ? [] : [tell('key', belonging, verdict)];
};

const lookAtData: Look = async (patient, belonging) => {
  const check = 'model data';
  const place = parseS3(belonging.name);
  if (place === undefined) return [notChecked(check, 'is no place in S3', belonging.name)];
  const { HeadObjectCommand, ListObjectsV2Command, S3Client } = await import('@aws-sdk/client-s3');
  const client = patient.account.runtime.clientOf(S3Client);
  const { bucket: Bucket, key, prefix } = place;
  const answer = prefix
    ? await ask(
        'S3.ListObjectsV2',
        async () => (await client.send(new ListObjectsV2Command({ Bucket, Prefix: key, MaxKeys: 1 }))).KeyCount ?? 0,
        's3:ListBucket',
      )
    : await ask(
        'S3.HeadObject',
        async () => {
          await client.send(new HeadObjectCommand({ Bucket, Key: key }));
          return 1;
        },
        's3:GetObject',
      );
  const advice = 'put the model data back; with versioning, an earlier version of the object';
  if (answer.kind !== 'found') return missing(patient, check, belonging, answer, advice);
  return answer.value > 0 ? [] : [gone(check, belonging, advice)];
};

const lookAtImage: Look = async (patient, belonging) => {
  const check = 'image';
  const image = parseImage(belonging.name);
  if (image === undefined) return [notChecked(check, 'is in no registry of ECR', belonging.name)];
  const { region } = patient.account;
  if (image.region !== region) {
    return [notChecked(check, `is in ${image.region}, and this command looks at ${region}`, belonging.name)];
  }
  const { DescribeImagesCommand, ECRClient } = await import('@aws-sdk/client-ecr');
  const client = patient.account.runtime.clientOf(ECRClient);
  const answer = await ask('ECR.DescribeImages', () =>
    client.send(
      new DescribeImagesCommand({ registryId: image.account, repositoryName: image.repository, imageIds: [image.id] }),
    ),
  );
  if (answer.kind === 'denied' && !belonging.users.every(({ record }) => accountOf(record.arn) === image.account)) {
    // AWS's own containers, mostly: their registries let everybody pull, and nobody list.
    return [
      notChecked(check, `AWS refused ${answer.action} in the registry of account ${image.account}`, belonging.name),
    ];
  }
  return answer.kind === 'found'
    ? []
    : missing(patient, check, belonging, answer, 'push it again; keep lifecycle rules off images that models use');
};

function accountOf(arn: string): string | undefined {
  return arn.split(':')[4];
}
