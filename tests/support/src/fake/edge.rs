//! What stands at the edge and what delivers, of which the fake has nothing.

use super::Reply::{Empty, Fixed};
use super::Row;

pub(super) const ROWS: &[Row] = &[
    Row("acm", "ListCertificates", Empty(&["CertificateSummaryList"])),
    Row(
        "cloudfront",
        "ListDistributions",
        Fixed(
            "<DistributionList><Marker/><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated>\
                <Quantity>0</Quantity></DistributionList>",
        ),
    ),
    Row("codebuild", "ListProjects", Empty(&["projects"])),
    Row("codedeploy", "ListApplications", Empty(&["applications"])),
    Row("codedeploy", "ListDeployments", Empty(&["deployments"])),
    Row("fis", "ListExperiments", Empty(&["experiments"])),
    Row("wafv2", "ListLoggingConfigurations", Empty(&["LoggingConfigurations"])),
    Row("wafv2", "ListWebACLs", Empty(&["WebACLs"])),
];
