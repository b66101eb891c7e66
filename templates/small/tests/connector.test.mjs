// What every connector is tested for. Tests of your own are in files beside this one; notes.test.mjs shows how.
import { testConnector } from 'mcp-connector/testing';

testConnector();
