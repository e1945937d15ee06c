import type { Dataset } from '@sluice/record-schema';
import { isPlainCsv } from '@sluice/record-transform/reading';
import { chooseWorkflow, type WorkflowName } from '@sluice/workflows';
import { checkSource } from '../lake/land-file.ts';

/**
 * What AWS would choose for a file if a Lambda took objects of any size: this machine does, and `etl` is faster on it.
 *
 * @throws {CliError} if the file cannot be read
 */
export const defaultWorkflow = async (dataset: Dataset, file: string): Promise<WorkflowName> => {
  const { name, size } = await checkSource(file);
  const object = { size, plainCsv: isPlainCsv(dataset, name), delimiter: dataset.source.delimiter };
  return chooseWorkflow(object, dataset.workflow, Number.POSITIVE_INFINITY).workflow;
};
