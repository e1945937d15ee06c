import type { Dataset } from '@sluice/record-schema';
import type { Lake } from '../lake/open-lake.ts';
import type { QuarantinedRow, ReportInput } from '../report/report-input.ts';
import type { FinishedObject } from './execute-run.ts';
import { type RunView, viewOf } from './run-view.ts';

const addressOf = (runId: string) => ({ bucket: 'reports', key: `${runId}.html` });

/** Enough to see what is wrong; the quarantine has the rest. */
const EXAMPLES = 20;

/** The path of a run's report; null if there is none. */
export const reportOf = async (lake: Lake, runId: string): Promise<string | null> => {
  const at = addressOf(runId);
  return (await lake.store.head(at)) ? lake.shown(at) : null;
};

/** Writes the HTML report, beside the zones since it tells times, and gives all that is known of the run. */
export const reportRun = async (lake: Lake, dataset: Dataset, finished: FinishedObject): Promise<RunView> => {
  const { renderReport } = await import('../report/render-report.ts');
  const at = addressOf(finished.run.runId);
  const view = viewOf(lake, { ...finished, report: lake.shown(at) });
  const html = renderReport({
    run: finished.manifest ?? failedRun(finished),
    dataset,
    definition: finished.definition,
    history: finished.history,
    mapRun: finished.execution.mapRun,
    engine: finished.execution.engine,
    redrive: finished.execution.redrive,
    examples: await examplesOf(lake, finished),
    commands: view.next,
  });
  await lake.store.put(at, Buffer.from(html), { contentType: 'text/html; charset=utf-8' });
  return view;
};

const failedRun = ({ run, execution }: FinishedObject): ReportInput['run'] => ({
  ...run,
  status: 'failed',
  error: execution.failure?.error ?? execution.status,
  cause: execution.failure?.cause ?? '',
  quality: null,
});

const examplesOf = async (lake: Lake, { manifest }: FinishedObject): Promise<QuarantinedRow[]> => {
  if (manifest?.status !== 'published' || !manifest.quarantine) return [];
  const body = await lake.store.read({ bucket: 'curated', key: manifest.quarantine.key });
  const rows: QuarantinedRow[] = [];
  if (!body) return rows;
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      // Written by our own engine in this shape; the report shows texts only.
      rows.push(JSON.parse(line) as QuarantinedRow);
      if (rows.length === EXAMPLES) return rows;
    }
  }
  return rows;
};
