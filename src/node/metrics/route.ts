import { READ, type Route } from '../http/route.ts';
import { METRICS_CONTENT_TYPE, renderMetrics } from './exposition.ts';
import { nodeFamilies } from './families.ts';
import { PathTotals } from './path-totals.ts';
import { ProcessMetrics } from './process-metrics.ts';

/**
 * `/metrics`, collected when it is asked for. Open to this machine and private networks, since a Prometheus
 * gives no password unless told; to everyone else with the administrator's.
 */
export function metricsRoute(): Route {
  const processMetrics = new ProcessMetrics();
  const paths = new PathTotals();
  return {
    path: '/metrics',
    methods: READ,
    role: 'local',
    async handle({ view }) {
      const families = [...nodeFamilies(view, paths), ...processMetrics.collect(view.clock.utcMs())];
      return { status: 200, contentType: METRICS_CONTENT_TYPE, body: await renderMetrics(families) };
    },
  };
}
