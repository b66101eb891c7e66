<<<<<<< HEAD
// The connector of this project, whatever its tools are: what every connector is tested for. A project's own tests are in files
// beside this one.
import { testConnector } from '../../scripts/testing/connector.mjs';
=======
// The connector of this project, whatever its tools are: what every connector has. A project's own tests are beside this file.
>>>>>>> d79b2ae (Start the tests' instances in one place, keep what runs in workerd in files, and name test files after their subject)

testConnector();
