// Adds up test reports: count-tests.js FAILED_STEPS REPORT... Prints `N passed, N failed`; exits 1 when anything
// failed, a report is missing, no test ran or a test was skipped.
import { readFileSync } from 'node:fs';

const [failedSteps, ...reports] = process.argv.slice(2);
let passed = 0;
let failed = Number(failedSteps);
for (const path of reports) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    if (report.numPendingTests > 0) {
      console.log(`${report.numPendingTests} tests were skipped`);
      failed += report.numPendingTests;
    }
    if (report.numPassedTests === 0) failed++;
  } catch (error) {
    console.log(`no report: ${error.message}`);
    failed++;
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
