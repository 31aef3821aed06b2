namespace RawSocketChat.Tests.Support;

/// <summary>The NUnit categories of the suite. CONTRIBUTING.md says which tests each tier of <c>Tests/run</c> runs.</summary>
public static class Categories
{
    /// <summary>
    /// A fixture that takes more than about two seconds, or that needs a program that is not part of the .NET SDK.
    /// <c>Tests/run --fast</c> does not run these fixtures. The comment next to the attribute gives the reason.
    /// </summary>
    public const string Slow = "Slow";
}
