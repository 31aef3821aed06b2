using System.Text.RegularExpressions;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Chat;

namespace RawSocketChat.Tests.Contracts;

/// <summary>One request in the table of rights.</summary>
/// <param name="Type">The type of the request.</param>
/// <param name="Target">The target or the content of the request, in the words of the table, such as <c>of a member</c>; often empty.</param>
/// <param name="Answers">For each column, the type of the answer or the code of the error.</param>
public sealed record RightsRow(ClientFrameType Type, string Target, IReadOnlyDictionary<string, string> Answers)
{
    public override string ToString() => $"{Type} {Target}".TrimEnd();
}

/// <summary>
/// The table of rights in Protocol/README.md, section "Roles and moderation". A row of the document may name several requests; here each
/// request has a row of its own.
/// </summary>
internal static partial class RightsTable
{
    /// <summary>The columns after the first one.</summary>
    public static readonly string[] Columns = ["owner", "moderator", "member", "guest", "muted", "banned", "outsider", "operator"];

    public static IReadOnlyList<RightsRow> Rows { get; } = Read();

    private static List<RightsRow> Read()
    {
        var header = $"| request | {string.Join(" | ", Columns)} |";
        var lines = ReadmeTests.Readme.SkipWhile(line => line != header).Skip(2).TakeWhile(line => line.StartsWith('|'));
        return [.. lines.SelectMany(ReadRow)];
    }

    private static IEnumerable<RightsRow> ReadRow(string line)
    {
        var cells = line.Trim('|').Split('|', StringSplitOptions.TrimEntries);
        cells.Should().HaveCount(Columns.Length + 1, "the row is «{0}»", line);
        var answers = Columns.Zip(cells.Skip(1)).ToDictionary(pair => pair.First, pair => pair.Second.Trim('`'));
        var target = cells[0][(cells[0].LastIndexOf('`') + 1)..].Trim();
        return RequestPattern().Matches(cells[0]).Select(match => new RightsRow(Enum.Parse<ClientFrameType>(match.Groups[1].Value, ignoreCase: true), target, answers));
    }

    [GeneratedRegex("`([a-z]+)`")]
    private static partial Regex RequestPattern();
}
