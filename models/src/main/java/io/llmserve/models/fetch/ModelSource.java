package io.llmserve.models.fetch;

import io.llmserve.models.ModelUri;
import io.llmserve.models.PullListener;
import java.nio.file.Path;

/// Where the store gets models from.
public interface ModelSource {
    /// The URI with the version that is pinned for it, or as it is.
    ModelUri pinned(ModelUri uri);

    /// Puts the model's files into `folder`, each checked. What a broken connection left there is continued.
    FetchedModel fetch(ModelUri uri, Path folder, PullListener listener);
}
