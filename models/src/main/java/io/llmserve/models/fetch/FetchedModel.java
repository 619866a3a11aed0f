package io.llmserve.models.fetch;

import java.util.List;

/// What a source has put into a folder.
///
/// @param revision what the source says it is: a version, a commit
/// @param main the file to open, or `.` for the folder
public record FetchedModel(String revision, String main, List<FetchedFile> files) {
    public record FetchedFile(String name, String sha256) {}

    public FetchedModel {
        files = List.copyOf(files);
    }
}
