using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Architecture;

/// <summary>The rules of <c>.editorconfig</c> for all text files. The build checks the formatting of C# code (<c>IDE0055</c>), but not these rules.</summary>
public sealed class SourceFileTests
{
    // Two blanks at the end of a line break the line in Markdown.
    private const string Markdown = ".md";

    private static readonly string[] Extensions = [".cs", ".csproj", ".props", ".json", ".mjs", ".cjs", ".js", ".ts", ".css", ".html", ".sql", Markdown];

    // Folders with generated or installed files.
    private static readonly string[] OtherFolders = ["bin", "obj", "node_modules"];

    private static readonly EnumerationOptions TopLevel = new();

    [Test]
    public void Lines_have_no_blanks_at_their_end_and_files_end_with_one_line_feed()
    {
        var files = FindFiles(new DirectoryInfo(Repository.Root)).ToArray();
        files.Should().HaveCountGreaterThan(1_000);
        files.Select(FindFault).Where(fault => fault is not null).Should().BeEmpty();
    }

    [TestCase("a\nb\n", null)]
    [TestCase("", null)]
    [TestCase("a\nb", "does not end with a line feed")]
    [TestCase("a\n\n", "ends with an empty line")]
    [TestCase("a\r\nb\r\n", "has a carriage return")]
    [TestCase("a \nb\n", "has a blank at the end of a line")]
    [TestCase("a\t\nb\n", "has a blank at the end of a line")]
    public void Blanks_before_line_ends_and_wrong_line_ends_are_faults(string text, string? fault) => FindFault(text, isMarkdown: false).Should().Be(fault);

    private static IEnumerable<FileInfo> FindFiles(DirectoryInfo folder) =>
        folder.EnumerateFiles("*", TopLevel).Where(file => Extensions.Contains(file.Extension)).Concat(
            folder.EnumerateDirectories("*", TopLevel).Where(child => child.Name[0] != '.' && !OtherFolders.Contains(child.Name)).SelectMany(FindFiles));

    private static string? FindFault(FileInfo file) =>
        FindFault(File.ReadAllText(file.FullName), file.Extension == Markdown) is { } fault ? $"{Path.GetRelativePath(Repository.Root, file.FullName)} {fault}" : null;

    private static string? FindFault(string text, bool isMarkdown) =>
        text.Contains('\r', StringComparison.Ordinal) ? "has a carriage return"
        : !isMarkdown && (text.Contains(" \n", StringComparison.Ordinal) || text.Contains("\t\n", StringComparison.Ordinal)) ? "has a blank at the end of a line"
        : text.Length > 0 && text[^1] != '\n' ? "does not end with a line feed"
        : text.EndsWith("\n\n", StringComparison.Ordinal) ? "ends with an empty line"
        : null;
}
