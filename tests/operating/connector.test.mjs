// The connector of this project, whatever its tools are: what every connector is tested for. A project's own tests are in files
// beside this one.
import { testConnector } from '../../scripts/testing/connector.mjs';

testConnector();
