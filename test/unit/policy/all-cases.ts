/** Every row that says what a gate decides: the specification of the gates. Each file of rows is named here once. */
import { botCases } from './bot-cases.ts';
import { changeCases } from './change-cases.ts';
import { codeOwnerCases } from './code-owner-cases.ts';
import { deploymentCases } from './deployment-cases.ts';
import { timingCases } from './deployment-timing-cases.ts';
import { emergencyCases } from './emergency-cases.ts';
import { mergeGroupCases } from './merge-group-cases.ts';
import { rollbackCases } from './rollback-cases.ts';
import { seenChangeCases, seenDeploymentCases } from './seen-cases.ts';

export const allChangeCases = [...changeCases, ...codeOwnerCases, ...botCases, ...seenChangeCases];
export const allDeploymentCases = [
  ...deploymentCases,
  ...timingCases,
  ...rollbackCases,
  ...seenDeploymentCases,
  ...emergencyCases,
];
export const allMergeGroupCases = [...mergeGroupCases];
