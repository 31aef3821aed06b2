using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

public sealed class SearchQueryTests
{
    private static readonly TestCaseData[] Queries =
    [
        Case("lost keys", new SearchQuery(["lost", "keys"])),
        Case("  lost\t\"blue keys\"  ", new SearchQuery(["lost", "blue keys"])),
        Case("\"not closed", new SearchQuery(["not closed"])),
        Case("lost from:bob", new SearchQuery(["lost"], From: "bob")),
        Case("FROM:@bob in:#lobby keys", new SearchQuery(["keys"], From: "bob", Room: "lobby")),
        Case("in:lobby", new SearchQuery([], Room: "lobby")),
        Case("has:file", new SearchQuery([], HasFile: true)),
        Case("x before:2026-11-01", new SearchQuery(["x"], BeforeTime: new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero))),
        Case("x before:2026-11-01T10:30:00Z", new SearchQuery(["x"], BeforeTime: new DateTimeOffset(2026, 11, 1, 10, 30, 0, TimeSpan.Zero))),
        Case("x before:455698112512", new SearchQuery(["x"], BeforeCursor: 455_698_112_512)),
        Case("before:7 x before:2026-11-01", new SearchQuery(["x"], BeforeTime: new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero))),
        Case("x after:2026-11-01 before:2026-11-02", new SearchQuery(["x"], BeforeTime: new DateTimeOffset(2026, 11, 2, 0, 0, 0, TimeSpan.Zero), AfterTime: new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero))),
        Case("x After:2026-11-01T10:30:00.500Z", new SearchQuery(["x"], AfterTime: new DateTimeOffset(2026, 11, 1, 10, 30, 0, 500, TimeSpan.Zero))),
        Case("key* \"lost key*\"", new SearchQuery(["key*", "lost key*"])),
        Case("see http://a.org at 12:30 note:this", new SearchQuery(["see", "http://a.org", "at", "12:30", "note:this"])),
        Case("AND OR NOT NEAR(a b) * ^x -y", new SearchQuery(["AND", "OR", "NOT", "NEAR(a", "b)", "*", "^x", "-y"])),
        Case("", new SearchQuery([])),
    ];

    [TestCaseSource(nameof(Queries))]
    public void Query_is_read(string text, SearchQuery expected)
    {
        SearchQuery.TryParse(text, out var query, out _, out _).Should().BeTrue();
        query.Should().BeEquivalentTo(expected);
    }

    [TestCase("from:", "from: needs a name")]
    [TestCase("from:@ x", "from: needs a name")]
    [TestCase("in:# x", "in: needs the name of a room")]
    [TestCase("has:link", "has: can only be has:file")]
    [TestCase("x before:yesterday", "before: needs a day, such as 2026-11-01")]
    [TestCase("x before:2026-13-01", "before: needs a day, such as 2026-11-01")]
    [TestCase("x after:7", "after: needs a day, such as 2026-11-01")]
    [TestCase("x before:-1", "before: needs a day, such as 2026-11-01")]
    public void Invalid_filter_is_explained_with_a_query_that_works(string text, string expected)
    {
        SearchQuery.TryParse(text, out _, out var problem, out var example).Should().BeFalse();
        problem.Should().Be(expected);
        SearchQuery.TryParse(example, out _, out _, out _).Should().BeTrue();
    }

    [Test]
    public void Too_long_query_is_rejected()
    {
        SearchQuery.TryParse(new string('x', SearchQuery.MaxLength), out _, out _, out _).Should().BeTrue();
        SearchQuery.TryParse(new string('x', SearchQuery.MaxLength + 1), out _, out var problem, out _).Should().BeFalse();
        problem.Should().Contain("at most 256 characters");
    }

    [TestCase("lost keys", "lost keys before:5")]
    [TestCase("lost before:9 \"blue keys\" from:bob", "lost \"blue keys\" from:bob before:5")]
    [TestCase("", "before:5")]
    public void Query_of_the_next_page_differs_only_in_its_cursor(string text, string expected) => SearchQuery.WithCursor(text, 5).Should().Be(expected);

    private static TestCaseData Case(string text, SearchQuery query) => new(text, query);
}
