import { basename, join } from 'node:path';
import { datasets } from '@sluice/datasets';
import { readBytes } from '@sluice/lake-storage';
import { embeddedZones, parsePublishedKey, tablePrefix, UNMATCHED } from '@sluice/lake-storage/zones';
import { type Dataset, hasTable, uniqueViewName } from '@sluice/record-schema';
import { identifier, literal, sqlType } from '@sluice/record-transform';
import { listManifests } from '../lake/manifests.ts';
import type { Lake } from '../lake/open-lake.ts';

/** Views over the lake, and the only files that they, and whoever asks, may read. */
export interface LakeViews {
  readonly statements: readonly string[];
  readonly files: readonly string[];
}

const list = (items: readonly string[]): string => `[${items.join(', ')}]`;

/**
 * The catalogue of the embedded lake: a view for each dataset, `<dataset>_unique` for each that has a key, and `runs` and
 * `quarantine`. Files are found by the
 * store, which follows no links: whatever is on the list really lies in the lake.
 */
export const lakeViews = async (lake: Lake): Promise<LakeViews> => {
  const published = new Map<string, string[]>();
  const quarantined: string[] = [];
  const pathOf = (key: string): string => join(lake.root, embeddedZones.curated, key);
  for await (const { key } of lake.store.list(embeddedZones.curated, 'processed/')) {
    const file = parsePublishedKey(key);
    if (!file) continue;
    const files = published.get(file.dataset) ?? [];
    files.push(pathOf(key));
    published.set(file.dataset, files);
  }
  for (const { name } of [...datasets.values()].filter(hasTable))
    published.set(name, (await tableFiles(lake, name)).map(pathOf));
  for await (const { key } of lake.store.list(embeddedZones.curated, 'quarantine/')) {
    // A run's rows, or a stream's records that could not be read.
    if (/^quarantine\/[^/]+\/(?:records\/[^/]+\/[^/]+\/)?[^/]+\.jsonl$/.test(key))
      quarantined.push(pathOf(key));
  }
  return {
    statements: [
      ...[...datasets.values()].flatMap((dataset) =>
        (hasTable(dataset) ? tableViews : datasetViews)(dataset, published.get(dataset.name) ?? []),
      ),
      await runsTable(lake),
      quarantineView(quarantined),
    ],
    files: [...[...published.values()].flat(), ...quarantined],
  };
};

/** Keys of the files that the table lists for whoever does not know Delta, by their names: the lake may have moved. */
const tableFiles = async ({ store }: Lake, dataset: string): Promise<string[]> => {
  const key = `${tablePrefix(dataset)}_symlink_format_manifest/manifest`;
  const paths = String((await readBytes(store, { bucket: embeddedZones.curated, key })) ?? '').split('\n');
  return paths.filter((path) => path !== '').map((path) => `${tablePrefix(dataset)}${basename(path)}`);
};

/** A table holds each record once, and each row says where it comes from. */
const tableViews = (dataset: Dataset, files: readonly string[]): readonly string[] => {
  const typed = [
    ...dataset.columns.map((column) => ({ name: column.name, type: sqlType(column.valueType) })),
    { name: 'sluice_run', type: 'VARCHAR' },
    { name: 'sluice_as_of', type: 'TIMESTAMP' },
    { name: 'sluice_row', type: 'BIGINT' },
  ];
  const rows =
    files.length === 0
      ? `${nothingOf(typed)} WHERE false`
      : `${typed.map(({ name }) => identifier(name)).join(', ')} FROM read_parquet(${list(files.map(literal))}, union_by_name = true)`;
  return [dataset.name, uniqueViewName(dataset)].map(
    (name) => `CREATE VIEW ${identifier(name)} AS SELECT ${rows}`,
  );
};

const nothingOf = (columns: readonly { readonly name: string; readonly type: string }[]): string =>
  columns.map((one) => `CAST(NULL AS ${one.type}) AS ${identifier(one.name)}`).join(', ');

const datasetViews = (dataset: Dataset, files: readonly string[]): readonly string[] => {
  const { name, columns, partitions, key } = dataset;
  const typed = [
    ...columns.map((column) => ({ name: column.name, type: sqlType(column.valueType) })),
    ...partitions.map((partition) => ({ name: partition, type: 'BIGINT' })),
  ];
  const all = `CREATE VIEW ${identifier(name)} AS SELECT`;
  const once = `CREATE VIEW ${identifier(uniqueViewName(dataset))} AS SELECT`;
  if (files.length === 0) {
    const nothing = nothingOf(typed);
    return [`${all} ${nothing} WHERE false`, ...(key === null ? [] : [`${once} ${nothing} WHERE false`])];
  }
  const hiveTypes = partitions.map((partition) => `${identifier(partition)}: BIGINT`).join(', ');
  const names = typed.map((one) => identifier(one.name)).join(', ');
  const rowsOf = (...more: readonly string[]): string =>
    `${names} FROM read_parquet(${[list(files.map(literal)), 'hive_partitioning = true', `hive_types = {${hiveTypes}}`, 'union_by_name = true', ...more].join(', ')})`;
  if (key === null) return [`${all} ${rowsOf()}`];
  // Of copies any would do; the first by file and row is the same one every time.
  const copies = `PARTITION BY ${key.map(identifier).join(', ')} ORDER BY filename, file_row_number`;
  return [
    `${all} ${rowsOf()}`,
    `${once} ${rowsOf('filename = true', 'file_row_number = true')} QUALIFY row_number() OVER (${copies}) = 1`,
  ];
};

const RUN_COLUMNS = {
  run_id: 'VARCHAR',
  dataset: 'VARCHAR',
  status: 'VARCHAR',
  as_of: 'TIMESTAMP',
  object_key: 'VARCHAR',
  object_bytes: 'BIGINT',
  object_etag: 'VARCHAR',
  engine: 'VARCHAR',
  score: 'DOUBLE',
  threshold: 'DOUBLE',
  rows_in: 'BIGINT',
  accepted: 'BIGINT',
  filtered: 'BIGINT',
  duplicates: 'BIGINT',
  quarantined: 'BIGINT',
  refused_because: 'VARCHAR',
} as const;

/** From manifests that were checked: one that is damaged is an error with its name, not a row of nulls. */
const runsTable = async (lake: Lake): Promise<string> => {
  const rows = (await listManifests(lake.store)).map((manifest) => {
    const { runId, dataset, status, asOf, object, quality } = manifest;
    const counts = manifest.status === 'published' ? manifest.counts : null;
    const values: Record<keyof typeof RUN_COLUMNS, string | number | null> = {
      run_id: runId,
      dataset,
      status,
      as_of: asOf.replace('T', ' ').replace('Z', ''),
      object_key: object.key,
      object_bytes: object.size,
      object_etag: object.etag,
      engine: manifest.status === 'published' ? manifest.engine : null,
      score: quality?.verdict.score ?? null,
      threshold: quality?.verdict.threshold ?? null,
      rows_in: counts?.rowsIn ?? quality?.profile.rowsIn ?? null,
      accepted: counts?.accepted ?? null,
      filtered: counts ? counts.filtered.reduce((sum, { rows }) => sum + rows, 0) : null,
      duplicates: counts?.duplicates ?? null,
      quarantined: counts?.quarantined ?? null,
      refused_because: manifest.status === 'rejected' ? manifest.message : null,
    };
    return `(${Object.values(values)
      .map((value) => (value === null ? 'NULL' : literal(String(value))))
      .join(', ')})`;
  });
  const names = Object.keys(RUN_COLUMNS);
  const typed = Object.entries(RUN_COLUMNS).map(([name, type]) => `CAST(${name} AS ${type}) AS ${name}`);
  const nulls = `(${names.map(() => 'NULL').join(', ')})`;
  return `CREATE TABLE runs AS SELECT ${typed.join(', ')}
    FROM (VALUES ${[nulls, ...rows].join(', ')}) AS manifest(${names.join(', ')}) WHERE run_id IS NOT NULL`;
};

const quarantineView = (files: readonly string[]): string => {
  const columns = {
    row: 'BIGINT',
    reasons: 'STRUCT(field VARCHAR, code VARCHAR)[]',
    record: 'JSON',
    raw: 'VARCHAR',
  };
  // Only records that could not be read on a stream have these; they have no run.
  const ofStream = {
    stream: 'VARCHAR',
    shard_id: 'VARCHAR',
    sequence_number: 'VARCHAR',
    arrived_at: 'TIMESTAMP',
  };
  const entries = Object.entries(columns);
  if (files.length === 0) {
    const typed = [...entries, ...Object.entries(ofStream)].map(
      ([name, type]) => `CAST(NULL AS ${type}) AS "${name}"`,
    );
    return `CREATE VIEW quarantine AS SELECT CAST(NULL AS VARCHAR) AS dataset, CAST(NULL AS VARCHAR) AS run_id, ${typed.join(', ')} WHERE false`;
  }
  const stream = 'STRUCT(name VARCHAR, shardId VARCHAR, sequenceNumber VARCHAR, arrivedAt VARCHAR)';
  const types = [...entries, ['stream', stream]].map(([name, type = '']) => `"${name}": ${literal(type)}`);
  return `CREATE VIEW quarantine AS
    SELECT CASE WHEN stream IS NULL THEN parse_path(filename)[-2] ELSE nullif(parse_path(filename)[-5], ${literal(UNMATCHED)}) END AS dataset,
      CASE WHEN stream IS NULL THEN regexp_replace(parse_filename(filename), '\\.jsonl$', '') END AS run_id,
      "row", reasons, record, raw,
      stream.name AS stream, stream.shardId AS shard_id, stream.sequenceNumber AS sequence_number, CAST(stream.arrivedAt AS TIMESTAMP) AS arrived_at
    FROM read_json(${list(files.map(literal))}, format = 'newline_delimited', columns = {${types.join(', ')}}, filename = true, maximum_object_size = 67108864)`;
};
