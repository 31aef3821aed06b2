namespace RawSocketChat.Tests;

public class SkeletonTests
{
    [Test]
    public void FluentAssertions_speaks_through_NUnit()
    {
        var act = () => 1.Should().Be(2);
        act.Should().Throw<AssertionException>();
    }
}
