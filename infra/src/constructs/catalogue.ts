import { GlueCatalogDatabase } from '@cdktf/provider-aws/lib/glue-catalog-database/index.js';
import {
  GlueCatalogTable,
  type GlueCatalogTableConfig,
} from '@cdktf/provider-aws/lib/glue-catalog-table/index.js';
import { datasets } from '@sluice/datasets';
import { processedPrefix, tablePrefix } from '@sluice/lake-storage/zones';
import { glueColumns, gluePartitionKeys, hasTable, uniqueViewName } from '@sluice/record-schema';
import { Construct } from 'constructs';
import { manifestColumns } from '../queries/manifest-columns.ts';
import { uniqueViewText, viewColumns } from '../queries/unique-view.ts';
import type { Deployment } from './deployment.ts';
import type { Zones } from './zones.ts';

interface CatalogueProps {
  readonly zones: Pick<Zones, 'curated'>;
}

/**
 * What can be queried: database `<prefix>` with a table for each dataset and the table `runs`, and database
 * `<prefix>_raw` for what crawlers find in the raw zone. Names of Glue have `_` where the prefix has `-`.
 *
 * A dataset's Delta table is one of Glue's by its place alone: Athena takes columns and files from the table's own log.
 *
 * The tables have no partitions here: publish-run adds each when it first has files (docs/adr/0010).
 */
export class Catalogue extends Construct {
  readonly databaseName: string;
  readonly rawDatabaseName: string;
  /** By the dataset's name, which is the table's too. */
  readonly tables: ReadonlyMap<string, GlueCatalogTable>;
  /** `<dataset>_unique` of each dataset that has a key and publishes files, by the dataset's name. */
  readonly uniqueViews: ReadonlyMap<string, GlueCatalogTable>;
  /** The crawler of a dataset is called `<crawlerPrefix><dataset>`. */
  readonly crawlerPrefix: string;
  readonly #deployment: Deployment;

  constructor(scope: Construct, id: string, deployment: Deployment, { zones }: CatalogueProps) {
    super(scope, id);
    this.#deployment = deployment;
    this.crawlerPrefix = deployment.nameOf('raw-');
    const name = deployment.environment.namePrefix.replaceAll('-', '_');
    const database = new GlueCatalogDatabase(this, 'database', {
      name,
      description: `The published datasets of ${deployment.environment.namePrefix}, and the runs that published them`,
    });
    this.databaseName = database.name;
    this.rawDatabaseName = new GlueCatalogDatabase(this, 'raw-database', {
      name: `${name}_raw`,
      description: `What crawlers found in the raw zone of ${deployment.environment.namePrefix}`,
    }).name;

    const table = (config: Omit<GlueCatalogTableConfig, 'databaseName'>): GlueCatalogTable => {
      const made = new GlueCatalogTable(this, `table-${config.name}`, {
        databaseName: database.name,
        tableType: 'EXTERNAL_TABLE',
        ...config,
      });
      // With a table go its partitions, and with them its rows for whoever queries.
      if (deployment.environment.protected) made.addOverride('lifecycle.prevent_destroy', true);
      return made;
    };
    const location = (prefix: string): string => `s3://${zones.curated.name}/${prefix}`;

    this.tables = new Map(
      [...datasets.values()].map((dataset) => [
        dataset.name,
        table({
          name: dataset.name,
          description: dataset.doc,
          // https://docs.aws.amazon.com/athena/latest/ug/delta-lake-tables-getting-started.html
          parameters: hasTable(dataset)
            ? { EXTERNAL: 'TRUE', table_type: 'DELTA' }
            : { EXTERNAL: 'TRUE', classification: 'parquet' },
          storageDescriptor: {
            location: location((hasTable(dataset) ? tablePrefix : processedPrefix)(dataset.name)),
            inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
            outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
            serDeInfo: {
              serializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
              parameters: { 'serialization.format': '1' },
            },
            columns: [...glueColumns(dataset), ...(hasTable(dataset) ? provenance : [])],
          },
          partitionKeys: hasTable(dataset) ? [] : [...gluePartitionKeys(dataset)],
        }),
      ]),
    );
    this.uniqueViews = new Map(
      [...datasets.values()].flatMap((dataset) => {
        if (dataset.key === null || hasTable(dataset)) return [];
        const view = new GlueCatalogTable(this, `view-${uniqueViewName(dataset)}`, {
          databaseName: database.name,
          name: uniqueViewName(dataset),
          description: `Each record of ${dataset.name} once, by ${dataset.key.join(', ')}.`,
          tableType: 'VIRTUAL_VIEW',
          parameters: { presto_view: 'true', comment: 'Presto View' },
          storageDescriptor: { columns: [...viewColumns(dataset)] },
          viewOriginalText: uniqueViewText(dataset, dataset.key, name),
          viewExpandedText: '/* Presto View */',
        });
        return [[dataset.name, view] as const];
      }),
    );
    table({
      name: 'runs',
      description: 'The manifest of each run that is over: what came in, what became of it, and why.',
      parameters: { EXTERNAL: 'TRUE', classification: 'json' },
      storageDescriptor: {
        location: location('runs/'),
        inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
        outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
        // Names are matched in any case: `runId` of a manifest is the column `runid`.
        // https://docs.aws.amazon.com/athena/latest/ug/hive-json-serde.html
        serDeInfo: { serializationLibrary: 'org.apache.hive.hcatalog.data.JsonSerDe' },
        columns: manifestColumns(),
      },
    });
  }

  /** For a policy about what crawlers find: Glue asks for the catalogue and the database besides the tables. */
  get rawArns(): string[] {
    const name = this.rawDatabaseName;
    return ['catalog', `database/${name}`, `table/${name}/*`].map((resource) =>
      this.#deployment.arnOf('glue', resource),
    );
  }

  crawlerName(dataset: string): string {
    return `${this.crawlerPrefix}${dataset}`;
  }
}

/** What a Delta table says of each row beside the dataset's columns. */
const provenance = [
  { name: 'sluice_run', type: 'string', comment: 'The run that brought the row' },
  { name: 'sluice_as_of', type: 'timestamp', comment: 'The clock of that run, UTC' },
  { name: 'sluice_row', type: 'bigint', comment: 'The number of the row in its object' },
];
