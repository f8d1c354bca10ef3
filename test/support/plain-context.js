import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

/**
 * Jest's own environment for Node, in a context whose global object is an ordinary one. Jest's is watched: each `Map` or `Math`
 * that code names is asked of a proxy in C++ and in JavaScript, which was a fifth of the policy tests' time. Each file still has a
 * global object of its own.
 */
export default class PlainContext extends TestEnvironment {
  constructor(config, context) {
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
  }
}
